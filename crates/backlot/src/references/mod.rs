//! The generated pages of `docs/`. A test (`tests/all/references.rs`) compares them with the files in the repository, or
//! writes them if `BACKLOT_BLESS=1` is set.

mod limits;

use std::fmt::Write as _;

use backlot_server::error::ErrorCode;
use backlot_server::routes;
use backlot_wix::data::DataCode;

/// The error codes of commands: code, meaning, remedy.
const COMMAND_CODES: [(&str, &str, &str); 6] = [
    (
        "IN_USE",
        "A server is running on this data folder or this SQLite file. The message names its process.",
        "Stop that server, or set another folder with `--data`. Commands that only read work beside a server.",
    ),
    (
        "COPY_UNFINISHED",
        "A `backlot database copy` into this database was interrupted, so the database is incomplete.",
        "Run `backlot database copy` again. It starts over.",
    ),
    (
        "MASTER_KEY_MISSING",
        "The database's secrets and signing key are encrypted with a master key that is not available.",
        "Put `master.key` back into the data folder, or set the key's source in `[secrets]`.",
    ),
    (
        "MASTER_KEY_WRONG",
        "The master key is not the one that the database's secrets are encrypted with.",
        "Use the right key. Nodes that share a database need the same one.",
    ),
    (
        "SIGNING_KEY_CLEAR",
        "An earlier version left an unencrypted signing key in the database, and there is no master key to encrypt it with.",
        "Start the server once, which encrypts it, or set the master key's source in `[secrets]`.",
    ),
    (
        "SIGNING_KEY_UNREADABLE",
        "The master key does not decrypt a signing key of the database.",
        "Use the master key that it was encrypted with. `backlot signing-key list` lists the keys.",
    ),
];

/// Returns the name and content of every generated page.
pub fn pages() -> [(&'static str, String); 6] {
    [
        ("configuration.md", crate::config::reference::page()),
        ("errors.md", errors()),
        ("command-line.md", crate::cli::reference()),
        ("limits.md", limits::page()),
        ("http-api.md", routes::page::page()),
        (
            "openapi.json",
            format!("{:#}\n", routes::openapi::document()),
        ),
    ]
}

fn errors() -> String {
    let mut page = "\
# Error codes

<!-- Generated from crates/server/src/error/code.rs. Do not edit: change the table there and run
`BACKLOT_BLESS=1 cargo test -p backlot references`. -->

Every error response is JSON in the shape of Wix's errors, so that Wix's clients can display it:

```json
{\"message\":\"…\",\"details\":{\"applicationError\":{\"code\":\"INSTANCE_EXPIRED\",\"description\":\"…\",\"data\":{}}}}
```

`message` describes the error and the remedy. `code` is stable. The response has an `x-request-id`, with which the cause can be found
in the server's log, and the CORS headers that allow pages to read it.

| status | code | meaning | remedy |
| --- | --- | --- | --- |
"
    .to_owned();
    for code in ErrorCode::ALL {
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} |",
            code.status().as_u16(),
            code.name(),
            code.description(),
            code.remedy(),
        );
    }
    page.push_str(
        "
## Data

Calls of Wix Data fail with Wix's codes, or with one of Backlot's own if Wix has none.

| status | code | meaning |
| --- | --- | --- |
",
    );
    for code in DataCode::ALL {
        let (status, name, meaning) = (code.status(), code.name(), code.meaning());
        let _ = writeln!(page, "| {status} | `{name}` | {meaning} |");
    }
    page.push_str(
        "
## Commands

Commands, and servers that cannot start, report errors on standard error. Some errors begin with a code:

| code | meaning | remedy |
| --- | --- | --- |
",
    );
    for (code, happened, remedy) in COMMAND_CODES {
        let _ = writeln!(page, "| `{code}` | {happened} | {remedy} |");
    }
    page
}
