//! What to do about a refusal, said of one connection: by its name, and by what its credential is.

use super::Connection;
use crate::error::{ApiError, ErrorCode, ErrorKind};

/// How the cause of a missing secret begins.
pub(super) const OF_A_SECRET: &str = "the secret ";

impl Connection {
    /// The refusal with a remedy that fits this connection.
    pub(crate) fn explain(&self, refusal: ApiError) -> ApiError {
        let ErrorKind::Own(code) = refusal.code() else {
            return refusal;
        };
        if code == ErrorCode::ConnectionNotConnected {
            let remedy = self.how_to_connect(&refusal);
            return refusal.with_remedy(remedy);
        }
        let name = &self.settings.name;
        let said = refusal.remedy();
        let own = said.replace("{name}", name);
        let flags = &self.settings.command_flags;
        let own = own.replace(
            "connection test NAME",
            &format!("connection test {name}{flags}"),
        );
        let own = ["set", "rotate"].iter().fold(own, |own, verb| {
            let command = format!("secret {verb} NAME");
            own.replace(&command, &format!("{command}{flags}"))
        });
        if own == said {
            refusal
        } else {
            refusal.with_remedy(own)
        }
    }

    /// The refusal of a path of ours that goes with another kind of credential than this connection's.
    pub(crate) fn of_another_kind(&self, refusal: ApiError) -> ApiError {
        let (name, auth) = (&self.settings.name, &self.settings.auth);
        let remedy = if auth.account().is_some() {
            format!(
                "This connection has an account, and no key that is typed in: send the owner to \
                 `/connections/{name}/authorize`."
            )
        } else if auth.instance_secret().is_some() {
            format!(
                "This connection has a key that the owner types in, and no account: put it with \
                 `PUT /connections/{name}/key`."
            )
        } else {
            "This connection has one credential for all instances, in the configuration, so there is nothing to connect."
                .to_owned()
        };
        refusal.with_remedy(remedy)
    }

    fn how_to_connect(&self, refusal: &ApiError) -> String {
        let (name, auth) = (&self.settings.name, &self.settings.auth);
        let cause = refusal.cause();
        let missing = cause.as_deref().and_then(|it| it.strip_prefix(OF_A_SECRET));
        match missing.filter(|secret| auth.instance_secret() != Some(secret)) {
            Some(secret) => {
                let flags = &self.settings.command_flags;
                format!(
                    "Set the instance's own secret: `backlot secret set {secret} --instance ID{flags}`."
                )
            }
            None if auth.account().is_some() => {
                format!("Send the owner to `/connections/{name}/authorize`.")
            }
            None => format!("Put the key with `PUT /connections/{name}/key`."),
        }
    }
}
