//! Asking before something is lost.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::user_error::user_error;

/// Goes on if the person said so: with `--yes`, or in a terminal by typing `word`. Without a terminal, and without
/// `--yes`, it is refused. `loss` says what would be lost, and how much; each line is a sentence's part.
pub(super) fn confirm(yes: bool, loss: &[String], word: &str) -> anyhow::Result<()> {
    let mut talk = std::io::stderr().lock();
    for line in loss {
        let _ = writeln!(talk, "{line}");
    }
    if yes {
        return Ok(());
    }
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(user_error(
            "nothing was changed: this needs a person's consent, and there is no terminal to ask in\n  hint: --yes \
             gives it",
        ));
    }
    let _ = write!(talk, "Type {word} to go on: ");
    let _ = talk.flush();
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    if answer.trim() == word {
        Ok(())
    } else {
        Err(user_error("nothing was changed: the answer was another"))
    }
}
