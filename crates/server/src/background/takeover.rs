//! A backup that takes the database's place while a server runs: everything that is remembered of the one before is
//! forgotten, and the keys of the new one are opened.

use std::sync::atomic::Ordering;

use backlot_store::StoreError;
use backlot_store::markers::RESTORED;

use crate::service::Service;

/// What was the last time that was looked.
enum Known {
    /// Not looked up yet.
    Nothing,
    /// The mark of the backup that was put back last, if one ever was.
    Mark(Option<String>),
}

/// Which backup the server knows of.
pub(crate) struct Takeover {
    known: Known,
    has_failed: bool,
}

impl Takeover {
    pub(crate) const fn new() -> Self {
        Self {
            known: Known::Nothing,
            has_failed: false,
        }
    }

    /// Looks whether another database has taken the place of the one that was known, and takes it over.
    pub(crate) async fn look(&mut self, service: &Service) {
        if let Err(error) = self.try_to(service).await
            && !std::mem::replace(&mut self.has_failed, true)
        {
            tracing::error!(%error, "failed to take over a restored database; retrying");
        }
    }

    async fn try_to(
        &mut self,
        Service { state, auth, .. }: &Service,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let present = match state.store.find_marker(RESTORED).await {
            Ok(present) => {
                state.database_answers.store(true, Ordering::Relaxed);
                present
            }
            Err(error) => {
                state.database_answers.store(false, Ordering::Relaxed);
                return match error {
                    // The next write reports it.
                    StoreError::Unavailable(_) | StoreError::TimedOut => Ok(()),
                    error => Err(error.into()),
                };
            }
        };
        let Known::Mark(known) = &self.known else {
            self.known = Known::Mark(present);
            return Ok(());
        };
        if *known == present {
            return Ok(());
        }
        state.store.forget_remembered();
        auth.signing_keys.take_over(&auth.elevated).await?;
        tracing::info!("took over a restored database");
        self.known = Known::Mark(present);
        self.has_failed = false;
        Ok(())
    }
}
