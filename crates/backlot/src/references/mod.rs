//! The generated pages of `docs/`. A test (`tests/all/references.rs`) compares them with what is in
//! the repository, and writes them anew with `BACKLOT_BLESS=1`.

mod limits;

use std::fmt::Write as _;

use backlot_server::error::Code;
use backlot_wix::data::DataCode;

/// Name and content of every generated page.
pub fn pages() -> [(&'static str, String); 4] {
    [
        ("configuration.md", crate::config::reference::page()),
        ("errors.md", errors()),
        ("command-line.md", crate::cli::reference()),
        ("limits.md", limits::page()),
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
    for code in Code::ALL {
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
    page
}
