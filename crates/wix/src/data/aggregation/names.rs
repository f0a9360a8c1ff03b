//! What the final filter and the sort mean by a name.

use super::super::{FieldPath, Sort};

/// The names that a row has.
pub(super) struct Names<'request> {
    /// Of the grouping fields, which are those of `_id`.
    pub(super) key: Vec<&'request str>,
    /// Of the results.
    pub(super) results: Vec<&'request str>,
}

impl Names<'_> {
    /// A name of a row, or of its `_id`, as it was sent; else a path. The client unwraps an `_id` with
    /// one field, so `_id` alone means that field.
    pub(super) fn resolve(&self, path: FieldPath) -> FieldPath {
        let text = path.to_string();
        let of_key = |name: &str| FieldPath::of_names(["_id".to_owned(), name.to_owned()]);
        if text == "_id" {
            return match &*self.key {
                [single] => of_key(single),
                _ => path,
            };
        }
        if self.key.contains(&text.as_str()) || self.results.contains(&text.as_str()) {
            return FieldPath::of_names([text]);
        }
        match text.strip_prefix("_id.") {
            Some(name) if self.key.contains(&name) => of_key(name),
            _ => path,
        }
    }

    /// The same for a sort. To sort by `_id` is to sort by each of its fields.
    pub(super) fn resolve_sort(&self, sort: Sort) -> Vec<Sort> {
        let direction = sort.direction;
        let paths = if sort.path.single() == Some("_id") {
            let of_key = |name: &&str| FieldPath::of_names(["_id".to_owned(), (*name).to_owned()]);
            self.key.iter().map(of_key).collect()
        } else {
            vec![self.resolve(sort.path)]
        };
        let sort = |path| Sort { path, direction };
        paths.into_iter().map(sort).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_before_paths() {
        let mut names = Names {
            key: vec!["a.b", "c"],
            results: vec!["n.xSum"],
        };
        for (path, meant) in [
            ("a.b", vec!["a.b"]),
            ("n.xSum", vec!["n.xSum"]),
            ("c", vec!["c"]),
            ("c.d", vec!["c", "d"]),
            ("_id", vec!["_id"]),
            ("_id.a.b", vec!["_id", "a.b"]),
            ("_id.n.xSum", vec!["_id", "n", "xSum"]),
            ("other.x", vec!["other", "x"]),
        ] {
            let resolved = names.resolve(FieldPath::parse(path).unwrap());
            assert_eq!(resolved.segments(), meant, "{path}");
        }
        names.key.pop();
        let resolved = names.resolve(FieldPath::parse("_id").unwrap());
        assert_eq!(resolved.segments(), ["_id", "a.b"]);
    }
}
