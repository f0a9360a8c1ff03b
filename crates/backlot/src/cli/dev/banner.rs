//! What a person reads first: where everything is, and a line to paste.

use std::io::Write as _;
use std::path::Path;

use backlot_simulator::Stage;
use backlot_simulator::issue::{Issue, LIFETIME};
use backlot_wix::Role;

pub(super) fn print(stage: &Stage, data: Option<&Path>) {
    let at = &stage.addresses;
    let data = data.unwrap_or(Path::new("data")).display();
    let text = format!(
        "\n  Backlot is running, with a Wix of its own on this machine.\n\n\
         \x20   Simulator   {}   open this one in a browser\n\
         \x20   Backend     {}\n\
         \x20   Admin       {}\n\
         \x20   App page    {}\n\
         \x20   Data        {data}\n\n\
         \x20 Try it:\n\n    {}\n\n  Ctrl-C stops it.\n\n",
        at.simulator,
        at.backend,
        at.admin,
        at.app_page,
        curl(stage).unwrap_or_default(),
    );
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
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
