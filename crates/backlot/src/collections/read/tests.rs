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
    let folder = folder(&[("reviews.toml", REVIEWS), ("notes.txt", "no collection")]);
    let definitions = read(folder.path()).unwrap();
    let [reviews] = &definitions[..] else {
        panic!("one collection");
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
