//! What a person reads first: where everything is, and a line to paste.

use std::io::Write as _;
use std::path::Path;

use backlot_simulator::Stage;
use backlot_simulator::issue::{Issue, LIFETIME};
use backlot_wix::Role;

/// What a start uses and keeps.
pub(super) struct Kept<'place> {
    pub(super) configuration: Option<&'place Path>,
    /// Without a password.
    pub(super) database: &'place str,
    pub(super) data: &'place Path,
}

pub(super) fn print(stage: &Stage, kept: &Kept<'_>) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text(stage, kept).as_bytes());
    let _ = stdout.flush();
}

fn text(stage: &Stage, kept: &Kept<'_>) -> String {
    let at = &stage.addresses;
    let configuration = kept.configuration.map_or_else(
        || "none, so all is as by default; `backlot init` writes one".to_owned(),
        |path| path.display().to_string(),
    );
    format!(
        "\n  Backlot is running, with a simulator of Wix on this machine.\n\n\
         \x20   Simulator       {}   open this one in a browser\n\
         \x20   Backend         {}\n\
         \x20   Admin           {}\n\
         \x20   App page        {}\n\n\
         \x20   Configuration   {configuration}\n\
         \x20   Database        {}\n\
         \x20   Data folder     {}\n\n\
         \x20 Try it:\n\n    {}\n\n  Ctrl-C stops it.\n\n",
        at.simulator,
        at.backend,
        at.admin,
        at.app_page,
        kept.database,
        kept.data.display(),
        curl(stage).unwrap_or_default(),
    )
}

/// A call as the first site's owner.
fn curl(stage: &Stage) -> Option<String> {
    let now = (stage.now)();
    let site = stage.world.sites.first()?;
    let issue = Issue {
        app_id: stage.world.app.id,
        site,
        role: Role::Owner,
        user_id: None,
        plan: site.plan.as_deref(),
        signed_at: now,
        expires_at: now.checked_add(LIFETIME).ok(),
    };
    let instance = issue.sign(&stage.secret);
    Some(format!(
        "curl -H 'Authorization: {instance}' {}/whoami",
        stage.addresses.backend
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use backlot_simulator::{Addresses, world};
    use backlot_wix::AppSecret;

    use super::super::stage::{guid, now};

    fn stage(folder: &Path) -> Stage {
        let world = world::load_or_make(&folder.join("simulator.json"), &mut guid).unwrap();
        let addresses = Addresses {
            backend: "http://127.0.0.1:1".to_owned(),
            admin: "http://127.0.0.1:2".to_owned(),
            simulator: "http://127.0.0.1:3".to_owned(),
            app_page: "http://localhost:4/".to_owned(),
            app_page_is_own: false,
        };
        let secret = AppSecret::new(&world.app.secret);
        Stage::new(world, secret, addresses, Arc::new(now), Arc::new(guid))
    }

    #[test]
    fn it_names_configuration_and_database() {
        let folder = tempfile::tempdir().unwrap();
        let stage = stage(folder.path());
        let mut kept = Kept {
            configuration: None,
            database: "data/backlot.db",
            data: Path::new("data"),
        };
        let said = text(&stage, &kept);
        for line in [
            "    Simulator       http://127.0.0.1:3   open this one in a browser\n",
            "    Configuration   none, so all is as by default; `backlot init` writes one\n",
            "    Database        data/backlot.db\n",
            "    Data folder     data\n",
            "' http://127.0.0.1:1/whoami\n",
        ] {
            assert!(said.contains(line), "{line:?} in {said}");
        }
        kept.configuration = Some(Path::new("deploy/backlot.toml"));
        kept.database = "postgres://db.example/app";
        let said = text(&stage, &kept);
        assert!(
            said.contains("Configuration   deploy/backlot.toml\n"),
            "{said}"
        );
        assert!(
            said.contains("Database        postgres://db.example/app\n"),
            "{said}"
        );
    }
}
