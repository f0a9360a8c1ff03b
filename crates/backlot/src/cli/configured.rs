//! What commands about data need of the configuration: the database and the files of collections. The
//! app's own values may be missing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use backlot_simulator::world;
use backlot_store::{Address, Store, remove_unfinished};
use jiff::SignedDuration;

use super::arguments::ConfigArgs;
use super::{environment, read_source};
use crate::collections::{self, Declared};
use crate::config::MasterKeyPlace;
use crate::config::{Source, database_of, master_key_of};
use crate::data_folder::CONFIGURATION;
use crate::data_folder::DataFolder;
use crate::folder_lock::holder_of;
use crate::lock_holder::Holder;
use crate::output_file;
use crate::protected_files::ProtectedFiles;
use crate::secrets::seal_signing_keys;
use crate::unfinished_note::{UnfinishedNote, remove_noted};
use crate::user_error::user_error;

/// The database and the files of collections.
pub(super) struct Configured {
    pub(super) source: Source,
    pub(super) database: Address,
    pub(super) folder: PathBuf,
    data: DataFolder,
    configuration: PathBuf,
}

impl Configured {
    pub(super) fn read(config: &ConfigArgs) -> anyhow::Result<Self> {
        let mut source = read_source(config.config.as_deref())?;
        let data = DataFolder::present(config.data.as_deref());
        source.set_data_folder(&data);
        let (database, folder) = database_of(&source, data.path())?;
        if config.data.is_none() {
            tell_which(&data);
        }
        Ok(Self {
            source,
            database,
            folder,
            data,
            configuration: config
                .config
                .clone()
                .unwrap_or_else(|| CONFIGURATION.into()),
        })
    }

    /// The app that the data is of: the configured one, or the simulator's.
    pub(super) fn app_id(&self) -> anyhow::Result<Option<String>> {
        if let Some(id) = self.source.parse()?.app.id {
            return Ok(Some(id));
        }
        let world = world::load(&self.data.world()).ok().flatten();
        Ok(world.map(|it| it.app.id.to_string()))
    }

    /// Removes what killed commands have left, where a file is to be written and elsewhere, and notes that this one
    /// begins. The note is kept until the file is whole.
    pub(super) fn begin_file(&self, path: &Path) -> anyhow::Result<Option<UnfinishedNote>> {
        self.remove_unfinished(path);
        UnfinishedNote::leave(&self.data, path)
            .map_err(|error| output_file::cannot_write(self.data.path(), &error))
    }

    /// Removes what killed commands have left in the folder of a file, in the data folder, and where they were writing.
    pub(super) fn remove_unfinished(&self, path: &Path) {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        remove_unfinished(folder.unwrap_or(Path::new(".")));
        remove_unfinished(self.data.path());
        remove_noted(&self.data);
    }

    /// Whether a server runs on this data.
    pub(super) fn has_server(&self) -> bool {
        self.server().is_some()
    }

    /// The server that runs on this data, if one does on this machine.
    fn server(&self) -> Option<Holder> {
        holder_of(&self.data, &self.database)
    }

    /// Says how a server that runs meanwhile takes what a command has changed.
    pub(super) fn tell_server(&self, how: &str) {
        if let Some(holder) = self.server() {
            let _ = writeln!(
                std::io::stderr(),
                "note: it runs meanwhile: {holder}; {how}"
            );
        }
    }

    /// Refuses to change the tables of a database while a server that knows the earlier ones runs.
    fn refuse_another_version(&self) -> anyhow::Result<()> {
        match self.server() {
            Some(holder) if self.database.is_of_an_earlier_program() => Err(user_error(format!(
                "IN_USE: the database {} is of an earlier version, in which {holder} runs\n  hint: use that version's \
                 program, or stop that server first; this program brings the database up to its own version",
                self.database
            ))),
            _ => Ok(()),
        }
    }

    /// Opens the database, and creates it if it does not exist.
    pub(super) async fn open_or_make(&self) -> anyhow::Result<Store> {
        self.refuse_another_version()?;
        Ok(self.database.open().await?)
    }

    /// The files that no command writes over.
    pub(super) fn protected(&self) -> anyhow::Result<ProtectedFiles> {
        let mut files = ProtectedFiles::default();
        if let Address::Sqlite { path, .. } = &self.database {
            files.add_database(path, "the live database");
        }
        files.add(&self.configuration, "the configuration");
        if let Some(file) = self.master_key()?.file() {
            files.add_beginning(file, "the master key");
            files.add(file, "the master key");
        }
        for data in [
            &self.data,
            &DataFolder::of_serve(None),
            &DataFolder::of_dev(None),
        ] {
            files.add_data_folder(data);
        }
        for file in self.source.value_files() {
            files.add(file, "a file that the configuration reads a value from");
        }
        for file in collections::files(&self.folder).unwrap_or_default() {
            files.add(file, "a file of the collections");
        }
        Ok(files)
    }

    /// The folder of the data.
    pub(super) const fn data(&self) -> &DataFolder {
        &self.data
    }

    /// The flags with which another command finds the same data.
    pub(super) fn flags(&self) -> &str {
        self.source.command_flags()
    }

    pub(super) fn data_path(&self) -> &Path {
        self.data.path()
    }

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

    /// The collections that a server on this data declares: those of the files, or the demo's own.
    pub(super) fn collections(&self) -> anyhow::Result<Vec<Declared>> {
        let demo_is_shown = self.is_dev()? && self.source.parse()?.dev.app_page.is_none();
        collections::read_or_demo(&self.folder, demo_is_shown)
    }

    /// Whether it is `backlot dev` that runs on this data: the simulator's app is in the folder.
    pub(super) fn is_dev(&self) -> anyhow::Result<bool> {
        // An earlier `backlot dev` has left its app in what is the folder of `backlot serve` now.
        let is_left = self.data.is_of_serve() && self.source.parse()?.app.id.is_some();
        let serve_runs = self.server().is_some_and(|it| !it.is_dev());
        Ok(self.data.world().exists() && !is_left && !serve_runs)
    }

    /// Opens the database, if there is one.
    pub(super) async fn open(&self) -> anyhow::Result<Store> {
        if !self.database.exists() {
            return Err(user_error(format!(
                "there is no database yet: {} does not exist\n  hint: start the backend once, or \
                 name its folder with --data or a file with --config",
                self.database
            )));
        }
        self.open_or_make().await
    }
}

/// Says which data folder a command has chosen where two are in use, and how the other is named.
pub(super) fn tell_which(data: &DataFolder) {
    let Some((command, other)) = data.other().filter(|(_, other)| other.is_used()) else {
        return;
    };
    let _ = writeln!(
        std::io::stderr(),
        "note: this is about {}; `backlot {command}` keeps its own data in {}, which --data {} names",
        data.path().display(),
        other.path().display(),
        other.path().display()
    );
}
