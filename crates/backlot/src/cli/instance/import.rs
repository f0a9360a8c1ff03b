//! `backlot instance import`
//!
//! Twice through the export: first to see that all of it is there and whole, and what it would open, and only then into
//! the database, under an unused id, and replaces the instance's data in one transaction.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek as _, Write as _};

use backlot_server::Clock;
use backlot_store::Store;
use backlot_store::portability::{
    Check, Exported, Importer, NotImported, Record, forget_unfinished,
};
use backlot_wix::InstanceId;
use backlot_wix::data::collection::{Definition, Level, Operation};
use uuid::Uuid;

use super::counted;
use super::delete::held;
use crate::cli::arguments::InstanceImport;
use crate::cli::configured::Configured;
use crate::cli::confirm::confirm;
use crate::cli::progress::Progress;
use crate::cli::runtime;
use crate::collections::{Losses, apply};
use crate::user_error::user_error;
use crate::wording::count;

/// What an export holds, before any of it is taken.
struct Checked {
    instance_id: InstanceId,
    /// Whether the export is of a version that has links.
    has_links: bool,
    /// The collections that would be made.
    definitions: Vec<Definition>,
}

pub(super) fn run(arguments: &InstanceImport) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let files = configured.collections()?;
    let mut file = match &arguments.input {
        Some(path) => {
            let cannot = |error| user_error(format!("cannot read {}: {error}", path.display()));
            File::open(path).map_err(cannot)?
        }
        None => spooled()?,
    };
    let checked = check(&file)?;
    file.rewind()?;
    let instance_id = arguments.instance.unwrap_or(checked.instance_id);
    let runtime = runtime()?;
    let store = runtime.block_on(configured.open_or_make())?;
    let mut asked = Vec::new();
    if arguments.replace && runtime.block_on(store.is_known(instance_id))? {
        let held = runtime.block_on(held(&store, instance_id))?;
        let what = if checked.has_links {
            "items, collections and links"
        } else {
            "items and collections"
        };
        asked.push(format!(
            "replaces in {}, of {instance_id}: {what} of {held}",
            configured.database
        ));
    }
    for definition in &checked.definitions {
        let present = runtime.block_on(store.find_collection(instance_id, &definition.id))?;
        let present = present.as_ref().map(|it| &it.definition);
        asked.extend(opened(definition, present));
    }
    if !asked.is_empty() {
        confirm(arguments.yes, &asked, "yes")?;
    }
    runtime.block_on(async {
        apply(&store, files, Losses::Refused, configured.flags()).await?;
        forget_unfinished(&store, Clock::System.now()).await?;
        let all = take_all(&store, instance_id, arguments.replace, &file).await?;
        let _ = writeln!(std::io::stderr(), "importing: {}", counted(&all));
        anyhow::Ok(())
    })?;
    configured.tell_server("it answers with what was imported within a second");
    Ok(())
}

/// What more people might do than now, a line for the collection.
fn opened(new: &Definition, present: Option<&Definition>) -> Option<String> {
    let operations = [
        Operation::Read,
        Operation::Insert,
        Operation::Update,
        Operation::Remove,
    ];
    let rank = |level: Level| match level {
        Level::Anyone => 0,
        Level::SiteMember => 1,
        Level::SiteMemberAuthor => 2,
        Level::CmsEditor | Level::Privileged | Level::Admin => 3,
    };
    let words: Vec<String> = operations
        .into_iter()
        .filter_map(|operation| {
            let level = new.permissions.level(operation);
            let before = present.map_or(Level::Admin, |it| it.permissions.level(operation));
            let name = serde_json::to_value(level).unwrap_or_default();
            let name = name.as_str().unwrap_or_default().to_owned();
            (rank(level) < rank(before)).then(|| format!("{} to {name}", operation.word()))
        })
        .collect();
    (!words.is_empty()).then(|| format!("opens the collection {:?}: {}", new.id, words.join(", ")))
}

/// Standard input, kept in a file that has no name and vanishes with the program.
fn spooled() -> anyhow::Result<File> {
    let mut file = tempfile::tempfile()?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
    file.flush()?;
    file.rewind()?;
    Ok(file)
}

/// Whether the export is whole; the instance that it is of, and what it would make.
fn check(file: &File) -> anyhow::Result<Checked> {
    let mut lines = BufReader::new(file);
    let mut check = Check::default();
    let (mut number, mut instance, mut definitions) = (0, None, Vec::new());
    let mut has_links = false;
    loop {
        number += 1;
        let Some(record) = read(&mut lines, number)? else {
            break;
        };
        let looked = check.look(&record);
        looked.map_err(|error| user_error(format!("line {number}: {error}")))?;
        match record {
            Record::Header {
                version,
                instance_id,
                ..
            } => {
                instance = Some(instance_id);
                has_links = version >= Record::FIRST_WITH_ENTITY_LINKS;
            }
            Record::Collection {
                declared: false,
                definition,
            } => definitions.push(*definition),
            _ => {}
        }
    }
    check.finish().map_err(told)?;
    let instance_id = instance.ok_or_else(|| user_error("this is no export: it has no header"))?;
    Ok(Checked {
        instance_id,
        has_links,
        definitions,
    })
}

/// All of it, or nothing.
async fn take_all(
    store: &Store,
    instance_id: InstanceId,
    replaces: bool,
    file: &File,
) -> anyhow::Result<Exported> {
    let now = Clock::System.now();
    let mut bytes = [0; 16];
    fastrand::fill(&mut bytes);
    let staged = uuid::Builder::from_random_bytes(bytes).into_uuid();
    let staged = InstanceId::new(Uuid::from_bytes(*staged.as_bytes()));
    let importer = Importer::staged(store, instance_id, staged, replaces, now).await;
    let mut importer = importer.map_err(told)?;
    let outcome = take_each(&mut importer, file).await;
    if outcome.is_err() {
        importer.abandon().await?;
    }
    outcome
}

async fn take_each(importer: &mut Importer<'_>, file: &File) -> anyhow::Result<Exported> {
    let mut lines = BufReader::new(file);
    let mut progress = Progress::new("importing");
    let mut number = 0;
    loop {
        number += 1;
        let Some(record) = read(&mut lines, number)? else {
            break;
        };
        importer.take(record).await.map_err(|error| match error {
            NotImported::Store(_) => error.into(),
            other => user_error(format!("line {number}: {other}")),
        })?;
        importer.goes_on(Clock::System.now()).await.map_err(told)?;
        progress.at(count(importer.imported().items, "item", "items"));
    }
    importer.finish().await.map_err(told)
}

/// The database's faults are ours; all others are the export's.
fn told(error: NotImported) -> anyhow::Error {
    match error {
        NotImported::Store(_) => error.into(),
        other => user_error(other.to_string()),
    }
}

/// The next record; none at the end.
fn read(lines: &mut impl BufRead, number: usize) -> anyhow::Result<Option<Record>> {
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let record = serde_json::from_str(&line);
    Ok(Some(record.map_err(|error| {
        user_error(format!("line {number} is no record of an export: {error}"))
    })?))
}
