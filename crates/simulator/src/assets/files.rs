//! The content of `assets`, inside the program. A list and no derive: a crate that walks the folder while it compiles
//! costs every build from nothing some seconds.

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_bytes!(concat!("../../assets/", $path)).as_slice())),+]
    };
}

/// Each file: its path below `assets`, and its bytes.
static FILES: &[(&str, &[u8])] = &files![
    "dashboard/api.js",
    "dashboard/app_page.js",
    "dashboard/choice.js",
    "dashboard/dashboard.css",
    "dashboard/dashboard.js",
    "dashboard/faults.css",
    "dashboard/faults.js",
    "dashboard/handed.css",
    "dashboard/handed.js",
    "dashboard/index.html",
    "dashboard/stage.js",
    "dashboard/webhooks.css",
    "dashboard/webhooks.js",
    "dashboard/webhooks_form.js",
    "dashboard/webhooks_table.js",
    "dashboard/wix_calls.js",
    "demo_app/app.css",
    "demo_app/app.js",
    "demo_app/calls.js",
    "demo_app/clock.js",
    "demo_app/clock_face.js",
    "demo_app/credentials.js",
    "demo_app/events.js",
    "demo_app/foreign_origin.js",
    "demo_app/history.js",
    "demo_app/index.html",
    "demo_app/instance.js",
    "demo_app/lessons.js",
    "demo_app/notes.js",
    "demo_app/own_client.js",
    "demo_app/request.js",
    "demo_app/result.css",
    "demo_app/result.js",
    "demo_app/reviews.css",
    "demo_app/reviews.js",
    "demo_app/reviews_client.js",
    "demo_app/reviews_form.js",
    "demo_app/reviews_list.js",
    "demo_app/reviews_rules.js",
    "demo_app/reviews_trouble.js",
    "demo_app/sandboxed.html",
    "demo_app/sandboxed.js",
    "demo_app/snippets.js",
    "demo_app/token_clock.js",
    "demo_app/token_snippets.js",
    "favicon.svg",
    "shared/copy.js",
    "shared/countdown.js",
    "shared/json_view.js",
    "shared/look.css",
];

/// The bytes of the file at a path below `assets`.
pub(super) fn find(path: &str) -> Option<&'static [u8]> {
    let (_, bytes) = FILES.iter().find(|(known, _)| *known == path)?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn walk(folder: &Path, found: &mut Vec<String>) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                let below = path.strip_prefix(&root).unwrap();
                found.push(below.to_str().unwrap().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut found = Vec::new();
        walk(&root, &mut found);
        found.sort_unstable();
        let listed: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        assert_eq!(found, listed);
    }
}
