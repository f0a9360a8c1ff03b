use super::*;
use backlot_wix::data::collection::{FieldType, Level};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const REVIEWS: &str = r#"
display_name = "Reviews"

[permissions]
read = "ANYONE"
insert = "SITE_MEMBER"
update = "SITE_MEMBER_AUTHOR"

[[fields]]
key = "title"
type = "TEXT"
required = true
max = 80

[[fields]]
key = "rating"
type = "NUMBER"
min = 1
max = 5

[[fields]]
key = "kind"
type = "TEXT"
enum = ["praise", "complaint"]

[[fields]]
key = "product"
type = "REFERENCE"
references = "products"

[[indexes]]
fields = ["product", "-rating"]
"#;

#[test]
fn a_file_is_a_collection() {
    let folder = folder(&[
        ("reviews.toml", REVIEWS),
        ("products.toml", "[permissions]\n"),
        (".hidden", "no collection"),
    ]);
    let definitions = read(folder.path()).unwrap();
    let [
        _,
        Declared {
            definition: reviews,
            ..
        },
    ] = &definitions[..]
    else {
        panic!("two collections");
    };
    assert_eq!(reviews.id, "reviews");
    assert_eq!(reviews.permissions.read, Level::Anyone);
    assert_eq!(reviews.permissions.remove, Level::Admin);
    assert_eq!(
        reviews.field("rating").unwrap().field_type,
        FieldType::Number
    );
    assert_eq!(reviews.referenced("product"), Some("products"));
    assert_eq!(reviews.indexes[0].name, "product_-rating");
    assert_eq!(read(&folder.path().join("nowhere")).unwrap(), []);
}

#[test]
fn mistakes_say_where_and_what() {
    let field = "[permissions]\n\n[[fields]]\nkey = \"a\"\ntype = \"TEXT\"\n";
    for (text, says) in [
        ("[permissions]\nread = \"EVERYBODY\"\n", "x.toml:2: "),
        ("[permisions]\n", "unknown field `permisions`"),
        ("", "missing field `permissions`"),
        ("[permissions", "x.toml:1: "),
        (
            &*format!("{field}references = \"b\"\n"),
            "a: a TEXT refers to nothing",
        ),
        (
            &*field.replace("TEXT", "REFERENCE"),
            "Metadata for Reference type field not provided",
        ),
        (
            &*field.replace("TEXT", "NOPE"),
            "x.toml:5: unknown variant `NOPE`",
        ),
        (
            &*format!("{field}min = 1\n").replace("TEXT", "OBJECT"),
            "a: a OBJECT has no min and max",
        ),
        (
            &*format!("{field}{field}").replacen("[permissions]", "", 2),
            "missing field",
        ),
        (
            "id = \"\"\n[permissions]\n",
            "dataCollectionId must not be empty",
        ),
    ] {
        let folder = folder(&[("x.toml", text)]);
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(says), "{says} is not in: {error}");
        assert!(error.contains("docs/data.md"), "{error}");
    }
    let twice = folder(&[
        ("x.toml", "[permissions]\n"),
        ("y.toml", "id = \"x\"\n[permissions]\n"),
    ]);
    assert!(
        read(twice.path())
            .unwrap_err()
            .to_string()
            .contains("another file")
    );
}

/// A field of a file, at line 3, and what is said of it.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_mistake_is_told_at_its_own_line() {
    let text = |rest: &str| format!("[permissions]\n[[fields]]\nkey = \"a\"\n{rest}\n");
    for (rest, line, says) in [
        (
            "type = \"NUMBER\"\nmin = 5\nmax = 3",
            5,
            "min 5 is greater than max 3",
        ),
        (
            "type = \"TEXT\"\nmin = 9\nmax = 3",
            5,
            "min 9 is greater than max 3",
        ),
        (
            "type = \"TEXT\"\nmax = -1",
            5,
            "a whole number that is not negative",
        ),
        (
            "type = \"TEXT\"\nmax = 2.5",
            5,
            "a whole number that is not negative",
        ),
        ("type = \"NUMBER\"\nmax = nan", 5, "is no number"),
        (
            "type = \"NUMBER\"\nenum = [1,\n \"two\"]",
            6,
            "the choice \"two\" must be a number",
        ),
        (
            "type = \"TEXT\"\nenum = [true]",
            5,
            "the choice true must be a text",
        ),
        ("type = \"TEXT\"\nenum = []", 5, "enum is empty"),
        (
            "type = \"NUMBER\"\nmax = 3\nenum = [1, 4]",
            6,
            "the choice 4 must be at most 3",
        ),
        (
            "type = \"ARRAY_STRING\"\nenum = [\"x\", 1]",
            5,
            "the choice 1 must be a list of texts",
        ),
        ("type = \"TEXT\"\npattern = \"(\"", 5, "pattern"),
        (
            "type = \"NUMBER\"\npattern = \"x\"",
            5,
            "a NUMBER has no pattern",
        ),
        (
            "type = \"REFERENCE\"\nreferences = \"nowhere\"",
            5,
            "no file declares the collection nowhere",
        ),
        (
            "type = \"MULTI_REFERENCE\"\nreferences = \"nowhere\"",
            5,
            "no file declares the collection nowhere",
        ),
        ("type = \"REFERENCE\"", 4, "Metadata for Reference"),
        (
            "type = \"NUMBER\"\ndefault = \"x\"",
            5,
            "the default must be a number",
        ),
        (
            "type = \"TEXT\"\nunique = true\ndefault = \"x\"",
            6,
            "is unique",
        ),
        (
            "type = \"TEXT\"\nrenamed_from = \"a\"",
            5,
            "which is another field",
        ),
        (
            "type = \"TEXT\"\nrenamed_from = \"then\"\n[[fields]]\nkey = \"b\"\ntype = \"TEXT\"\n\
             renamed_from = \"then\"",
            9,
            "b: a is renamed from then, too",
        ),
        (
            "type = \"TEXT\"\n[[fields]]\nkey = \"a\"\ntype = \"TEXT\"",
            6,
            "declared twice",
        ),
        (
            "type = \"TEXT\"\n[[fields]]\nkey = \"_id\"\ntype = \"TEXT\"",
            6,
            "cannot be a field's key",
        ),
        (
            "type = \"TEXT\"\n[[indexes]]\nfields = [\"a\",\n \"-b.c\"]",
            7,
            "names the field b, which is not declared",
        ),
        (
            "type = \"TEXT\"\n[[indexes]]\nname = \"x\"\nfields = []",
            5,
            "has 1 to 3 fields",
        ),
        (
            "type = \"TEXT\"\n[[indexes]]\nfields = [\"a\"]\n[[indexes]]\nfields = [\"a\"]",
            7,
            "already",
        ),
    ] {
        let folder = folder(&[("x.toml", &text(rest))]);
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("x.toml:{line}: ")),
            "{rest}: {error}"
        );
        assert!(error.contains(says), "{says}: {error}");
    }
    let error = format!("display_field = \"b\"\n{}", text("type = \"TEXT\""));
    let folder = folder(&[("x.toml", &error)]);
    let error = read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("x.toml:1: there is no field b"), "{error}");
}

#[test]
fn a_file_that_is_no_toml_is_told() {
    for name in ["reviews.tml", "reviews.toml~", "reviews.TOML", "README.md"] {
        let folder = folder(&[(name, "[permissions]\n")]);
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{name} is no .toml file")),
            "{error}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("more")).unwrap();
    assert!(read(folder.path()).is_err());
}

#[test]
fn indexes_and_choices_that_are_good_stay_so() {
    let text = "[permissions]\n[[fields]]\nkey = \"tags\"\ntype = \"ARRAY_STRING\"\nenum = [\"a\", \"b\"]\nmax = 2\n\
                [[fields]]\nkey = \"place\"\ntype = \"OBJECT\"\n\
                [[fields]]\nkey = \"now\"\ntype = \"TEXT\"\nrenamed_from = \"then\"\ndefault = \"x\"\n\
                [[indexes]]\nfields = [\"place.city\", \"-_createdDate\"]\n";
    let folder = folder(&[("x.toml", text)]);
    let declared = read(folder.path()).unwrap();
    let backfill = &declared[0].backfill;
    assert_eq!(backfill.renames, [("then".to_owned(), "now".to_owned())]);
    assert_eq!(backfill.defaults, [("now".to_owned(), "x".into())]);
}

#[test]
fn definitions_have_a_size_that_they_may_not_pass() {
    let fields = |count: usize, bytes: usize| {
        let field = |number: usize| {
            let words = "x".repeat(bytes);
            format!("[[fields]]\nkey = \"f{number}\"\ntype = \"TEXT\"\ndescription = \"{words}\"\n")
        };
        let fields: String = (0..count).map(field).collect();
        format!("[permissions]\n{fields}")
    };
    let long = "x".repeat(1_001);
    let named = format!(
        "[permissions]\n[[fields]]\nkey = \"a\"\ntype = \"TEXT\"\ndisplay_name = \"{long}\"\n"
    );
    let bad_default = "[permissions]\n[[fields]]\nkey = \"a\"\ntype = \"REFERENCE\"\nreferences = \"x\"\ndefault = \"a#b\"\n";
    for (text, says) in [
        (named.as_str(), "x.toml:5: WDE0080: displayName has at most"),
        (bad_default, "x.toml:6: WDE0079: The field a refers to"),
        (&fields(1, 10_001), "x.toml:5: WDE0080: description has at"),
        (&fields(27, 10_000), "at most 262144 bytes as JSON"),
    ] {
        let folder = folder(&[("x.toml", text)]);
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(says), "{says} is not in: {error:.300}");
    }
    let large = fields(25, 10_000);
    let paths: Vec<String> = (0..34).map(|number| format!("c{number}.toml")).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|it| (it.as_str(), &*large)).collect();
    read(folder(&files[..5]).path()).unwrap();
    let error = read(folder(&files).path()).unwrap_err().to_string();
    assert!(
        error.contains("more than 8388608 bytes as JSON, all together"),
        "{error}"
    );
}
