//! `backlot secret set` and `rotate`

use std::io::{IsTerminal as _, Read as _, Write as _};

use backlot_outbound::redact;
use backlot_server::secrets::SecretString;
use zeroize::Zeroizing;

use super::{check_name, open, runtime};
use crate::cli::arguments::SecretPut;
use crate::cli::configured::Configured;
use crate::user_error::user_error;

pub(super) fn run(arguments: &SecretPut, must_exist: bool) -> anyhow::Result<()> {
    let name = &arguments.name;
    check_name(name)?;
    let configured = Configured::read(&arguments.config)?;
    let text = read(name)?;
    let version = runtime()?.block_on(async {
        let vault = open(&configured).await?;
        let whose = arguments.instance;
        anyhow::Ok(vault.keep_secret(whose, name, &text, must_exist).await?)
    })?;
    let Some(version) = version else {
        return Err(user_error(format!(
            "there is no secret {name} to rotate\n  hint: make it with `backlot secret set {name}{}`",
            configured.flags()
        )));
    };
    let mut talk = std::io::stderr();
    let folder = configured.data_path().display();
    let _ = writeln!(
        talk,
        "{name}: version {version} is kept in {}, for the data folder {folder}",
        configured.database
    );
    tell_how_to_set_the_other(arguments, &configured);
    configured.tell_server(
        "connections use it within a second; what the configuration takes at the start stays until a restart",
    );
    if text.reveal().len() < redact::MIN_SECRET_BYTES {
        let _ = writeln!(
            talk,
            "warning: {name} is so short that it is not blacked out of replies: it would be found everywhere"
        );
    }
    Ok(())
}

/// Notes that `backlot dev` and `backlot serve` have separate secrets, and how to set this one for the other.
fn tell_how_to_set_the_other(arguments: &SecretPut, configured: &Configured) {
    let Some((command, other)) = configured.data().other() else {
        return;
    };
    // A secret for production alone is set with `--data`, and production comes later than development.
    let is_of_interest = arguments.config.data.is_none() && (command == "dev" || other.is_used());
    if !is_of_interest {
        return;
    }
    let (name, data) = (&arguments.name, other.path().display());
    let of = arguments
        .instance
        .map_or_else(String::new, |id| format!(" --instance {id}"));
    let _ = writeln!(
        std::io::stderr(),
        "note: `backlot {command}` keeps its own secrets in {data}; for it: backlot secret set {name}{of} --data {data}"
    );
}

/// The value: typed unseen at a terminal, or all of standard input without the line break at its end.
fn read(name: &str) -> anyhow::Result<SecretString> {
    let mut text = if std::io::stdin().is_terminal() {
        Zeroizing::new(rpassword::prompt_password(format!("Value of {name}: "))?)
    } else {
        let mut bytes = Zeroizing::new(Vec::new());
        let most = SecretString::MAX_BYTES as u64 + 2;
        std::io::stdin()
            .lock()
            .take(most + 1)
            .read_to_end(&mut bytes)?;
        let text = str::from_utf8(&bytes).map_err(|_| user_error("a secret is text in UTF-8"))?;
        Zeroizing::new(text.to_owned())
    };
    for end in ['\n', '\r'] {
        if text.ends_with(end) {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(user_error(
            "the value is empty\n  hint: give it on standard input: backlot secret set NAME < file",
        ));
    }
    if text.len() > SecretString::MAX_BYTES {
        return Err(user_error("a secret has at most 64 KiB"));
    }
    Ok(SecretString::new(text.to_string()))
}
