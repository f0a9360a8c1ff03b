//! The generated pages of `docs/`. A test (`tests/all/references.rs`) compares them with what is in
//! the repository, and writes them anew with `BACKLOT_BLESS=1`.

mod limits;

use std::fmt::Write as _;

use backlot_server::error::ErrorCode;
use backlot_server::routes;
use backlot_wix::data::DataCode;

/// Codes of commands: what happened, and what to do.
const COMMAND_CODES: [(&str, &str, &str); 6] = [
    (
        "IN_USE",
        "A server runs on this data folder or this file of SQLite's; the sentence names its process.",
        "Stop that server, or name another folder with `--data`. Commands that only read work beside it.",
    ),
    (
        "COPY_UNFINISHED",
        "A `backlot database copy` into this database was broken off, so it holds a part only.",
        "Run `backlot database copy` again. It starts over.",
    ),
    (
        "MASTER_KEY_MISSING",
        "The database's secrets and signing key are sealed with a master key that is not here.",
        "Put `master.key` back into the data folder, or say in `[secrets]` where the key is.",
    ),
    (
        "MASTER_KEY_WRONG",
        "The master key is not the one that the database's secrets are sealed with.",
        "Give that one. Nodes that share a database need the same.",
    ),
    (
        "SIGNING_KEY_CLEAR",
        "An earlier version left its signing key in the database in the clear, and there is no master key to seal it with.",
        "Start the server once, which seals it, or say in `[secrets]` where its master key is.",
    ),
    (
        "SIGNING_KEY_UNREADABLE",
        "The master key does not open a signing key of the database.",
        "Give the master key that it was sealed with; `backlot signing-key list` says which keys there are.",
    ),
];

/// Name and content of every generated page.
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

Every refusal is JSON in the shape of Wix's own errors, so Wix's clients show it well:

```json
{\"message\":\"…\",\"details\":{\"applicationError\":{\"code\":\"INSTANCE_EXPIRED\",\"description\":\"…\",\"data\":{}}}}
```

`message` says what happened and what to do; `code` is stable. The reply carries `x-request-id`, under
which the server's log has the inner cause, and the CORS headers that let a page on the list read it.

| status | code | what happened | what to do |
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

Calls of Wix Data are refused with Wix's codes, and with a few of Backlot's own where Wix has none.

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

Commands and starts of a server end with a sentence on standard error. Some begin with a code:

| code | what happened | what to do |
| --- | --- | --- |
",
    );
    for (code, happened, remedy) in COMMAND_CODES {
        let _ = writeln!(page, "| `{code}` | {happened} | {remedy} |");
    }
    page
}
