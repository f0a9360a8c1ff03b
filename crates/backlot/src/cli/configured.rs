//! What commands about data need of the configuration: the database and the files of collections. The
//! app's own values may be missing.

use std::path::PathBuf;

use backlot_store::{Address, Store};
use backlot_wix::data::collection::Definition;
use jiff::SignedDuration;

use super::arguments::Place;
use super::{environment, mistake, read_source};
use crate::collections;
use crate::config::{Source, database_of, master_key_of};
use crate::data_folder::DataFolder;
use crate::secrets::{MasterKeyPlace, seal_signing_keys};

/// The database and the files of collections.
pub(super) struct Configured {
    pub(super) source: Source,
    pub(super) database: Address,
    pub(super) folder: PathBuf,
    data: DataFolder,
}

impl Configured {
    pub(super) fn read(place: &Place) -> anyhow::Result<Self> {
        let source = read_source(place.config.as_deref())?;
        let data = DataFolder::new(place.data.as_deref());
        let (database, folder) = database_of(&source, data.path())?;
        Ok(Self {
            source,
            database,
            folder,
            data,
        })
    }

    /// Where the master key of the secrets is.
    pub(super) fn master_key(&self) -> anyhow::Result<MasterKeyPlace> {
        Ok(master_key_of(&self.source, self.data.path(), &environment)?)
    }

    /// How long elevated tokens last.
    pub(super) fn token_lifetime(&self) -> anyhow::Result<SignedDuration> {
        Ok(self.source.parse()?.elevated_token.lifetime.signed())
    }

    /// Opens the database, if there is one, and seals what an earlier version left in it in the clear.
    pub(super) async fn open_sealed(&self) -> anyhow::Result<Store> {
        let store = self.open().await?;
        seal_signing_keys(&store, &self.master_key()?, self.token_lifetime()?).await?;
        Ok(store)
    }

    /// The collections of the files.
    pub(super) fn collections(&self) -> anyhow::Result<Vec<Definition>> {
        Ok(collections::read(&self.folder)?)
    }

    /// Opens the database, if there is one.
    pub(super) async fn open(&self) -> anyhow::Result<Store> {
        if !self.database.exists() {
            return Err(mistake(format!(
                "there is no database yet: {} does not exist\n  hint: start the backend once, or \
                 name its folder with --data or a file with --config",
                self.database
            )));
        }
        Ok(self.database.open().await?)
    }
}
