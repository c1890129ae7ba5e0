//! Rows in a directory: what is committed is there, whatever happens in between.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use quorate_agent::engine::consul::{
    CheckSpec, Command, Delete, NodeSpec, Put, PutMode, Register, ServiceSpec, SessionId,
    SessionSpec, SetAutopilot,
};
use quorate_agent::engine::{Changes, Engine, Row, Time, consul};
use quorate_agent::store::{FileStore, Store, StoreError};
use quorate_wire::consul::health::Definition;
use quorate_wire::consul::operator::AutopilotConfig;
use tempfile::TempDir;

/// A directory, the store in it, and the engine whose rows it keeps.
struct Disk {
    directory: TempDir,
    store: Option<FileStore>,
    engine: Engine,
}

impl Disk {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let mut disk = Self {
            directory,
            store: None,
            engine: Engine::starting_at(10),
        };
        assert!(disk.reopen().is_empty());
        disk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn reopen(&mut self) -> Vec<Row> {
        self.store = None;
        let mut store = FileStore::open(self.directory.path()).unwrap();
        let rows = store.load().unwrap();
        self.store = Some(store);
        rows
    }

    fn fails_to_open(&mut self) -> StoreError {
        self.store = None;
        match FileStore::open(self.directory.path()).and_then(|mut store| store.load()) {
            Ok(rows) => panic!("opened, with {rows:?}"),
            Err(error) => error,
        }
    }

    /// Applies the commands and stores what they changed as one commit.
    fn commit(&mut self, commands: impl IntoIterator<Item = Command>) {
        let mut changes = Changes::default();
        for command in commands {
            self.engine
                .apply_into(command.into(), Time::START, &mut changes);
        }
        changes.rows.push(self.engine.index_row(0));
        self.store.as_mut().unwrap().commit(&changes.rows).unwrap();
    }

    fn tidy(&mut self) {
        self.store.as_mut().unwrap().tidy().unwrap();
    }

    /// Commits until the journal has moved to the table.
    fn fill(&mut self, prefix: &str) {
        for at in 0..50 {
            self.commit([put(&format!("{prefix}/{at}"), &"x".repeat(100_000))]);
            self.tidy();
        }
        assert!(self.path("rows.redb").exists());
    }

    /// What was committed is what is there after opening anew.
    #[track_caller]
    fn check(&mut self) {
        let found = self.reopen();
        assert_eq!(content(found), content(rows_of(&self.engine)));
    }
}

fn put(key: &str, value: &str) -> Command {
    Command::Put(Put {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
        flags: 3,
        mode: PutMode::Set,
    })
}

fn delete_tree(prefix: &'static str) -> Command {
    Command::Delete(Delete::Tree(Bytes::from_static(prefix.as_bytes())))
}

fn rows_of(engine: &Engine) -> Vec<Row> {
    engine.snapshot().consul().rows().map(Row::Consul).collect()
}

/// Rows in an order of their own.
fn content(rows: Vec<Row>) -> BTreeMap<String, ()> {
    rows.into_iter()
        .map(|row| (format!("{row:?}"), ()))
        .collect()
}

#[test]
fn a_committed_row_is_there_after_opening_again() {
    let mut disk = Disk::new();
    disk.commit([put("a", "1"), put("b", "")]);
    disk.check();
    disk.commit([put("a", "2")]);
    disk.check();
    disk.check();
}

#[test]
fn of_two_rows_of_a_key_the_later_one_counts() {
    let mut disk = Disk::new();
    disk.commit([
        put("a", "1"),
        put("a", "2"),
        put("b", "1"),
        delete_tree("b"),
        put("c", "1"),
    ]);
    disk.check();
    disk.commit([delete_tree(""), put("a", "3")]);
    disk.check();
}

#[test]
fn every_kind_of_row_is_read_as_it_was_written() {
    let mut disk = Disk::new();
    let register = Register {
        node: NodeSpec {
            id: "11111111-1111-1111-1111-111111111111".into(),
            name: "Ünï".into(),
            address: "::1".into(),
            tagged_addresses: Some([("lan".into(), "::1".into())].into()),
            meta: Some([("k".into(), "v".into())].into()),
        },
        skip_node_update: false,
        service: Some(ServiceSpec {
            id: "w/1".into(),
            name: "web".into(),
            tags: vec!["a".into()],
            port: 80,
            ..ServiceSpec::default()
        }),
        checks: vec![CheckSpec {
            id: "c".into(),
            status: "passing".into(),
            service_id: "w/1".into(),
            definition: Definition::default().with("Interval", "10s"),
            ..CheckSpec::default()
        }],
    };
    let session = SessionSpec {
        id: SessionId::from_bytes([7; 16]),
        name: "s".into(),
        node: "ünï".into(),
        ttl: "10s".into(),
        lock_delay_nanos: -5,
        behavior: "delete".into(),
        node_checks: Some(vec!["c".into()]),
        ..SessionSpec::default()
    };
    let acquire = Command::Put(Put {
        key: Bytes::from_static(b"\xff\0lock"),
        value: Bytes::from_static(b"\0"),
        flags: u64::MAX,
        mode: PutMode::Acquire(session.id.to_string()),
    });
    disk.commit([
        Command::Register(Box::new(register)),
        Command::CreateSession(Box::new(session)),
        acquire,
        put("gone", "1"),
        Command::Delete(Delete::Key(Bytes::from_static(b"gone"))),
    ]);
    assert_eq!(rows_of(&disk.engine).len(), 7, "one of each table");
    disk.check();
}

#[test]
fn the_settings_of_autopilot_are_read_as_they_were_written() {
    let mut disk = Disk::new();
    let mut set = SetAutopilot {
        config: AutopilotConfig::default(),
        cas: None,
    };
    set.config.redundancy_zone_tag = "ünï".into();
    set.config.max_trailing_logs = u64::MAX;
    disk.commit([Command::SetAutopilot(Box::new(set))]);
    assert_eq!(rows_of(&disk.engine).len(), 2, "and the indexes");
    disk.check();
}

#[test]
fn what_the_engine_had_is_what_it_has_after_a_restart() {
    let mut disk = Disk::new();
    disk.commit([put("a/b", "1"), put("a/c", "1")]);
    disk.commit([delete_tree("a/b"), put("d", "1")]);
    let rows = disk.reopen();
    let restored = Engine::restore(rows, Time::START);
    assert_eq!(content(rows_of(&restored)), content(rows_of(&disk.engine)));
    assert_eq!(restored.last_index(), disk.engine.last_index());
}

#[test]
fn a_full_journal_moves_to_the_table_and_starts_over() {
    let mut disk = Disk::new();
    disk.fill("k");
    let journal = fs::metadata(disk.path("journal")).unwrap().len();
    disk.check();
    for round in 0..4 {
        disk.fill(&format!("round/{round}"));
        disk.commit([delete_tree("k/1"), put("k/2", "new")]);
        disk.check();
    }
    assert!(
        fs::metadata(disk.path("journal")).unwrap().len() <= 2 * journal,
        "it does not grow"
    );
}

#[test]
fn a_huge_commit_does_not_leave_a_huge_journal() {
    let mut disk = Disk::new();
    let huge: Vec<Command> = (0..40)
        .map(|at| put(&at.to_string(), &"x".repeat(500_000)))
        .collect();
    disk.commit(huge);
    disk.tidy();
    assert!(fs::metadata(disk.path("journal")).unwrap().len() <= 8 * 1024 * 1024);
    disk.check();
    disk.commit([put("after", "1")]);
    disk.check();
}

#[test]
fn a_move_that_a_crash_repeats_changes_nothing() {
    let mut disk = Disk::new();
    for at in 0..45 {
        disk.commit([put(&format!("k/{at}"), &"x".repeat(100_000))]);
    }
    let before = fs::read(disk.path("journal")).unwrap();
    disk.tidy();
    assert!(disk.path("rows.redb").exists());
    disk.store = None;
    fs::write(disk.path("journal"), before).unwrap();
    disk.check();
    disk.commit([put("k/0", "after"), delete_tree("k/1")]);
    disk.check();
    disk.fill("more");
    disk.check();
}

#[test]
fn a_lost_journal_leaves_what_is_in_the_table() {
    let mut disk = Disk::new();
    for at in 0..45 {
        disk.commit([put(&format!("k/{at}"), &"x".repeat(100_000))]);
    }
    disk.tidy();
    disk.store = None;
    fs::remove_file(disk.path("journal")).unwrap();
    disk.check();
    disk.commit([put("k/0", "after")]);
    disk.check();
}

#[test]
fn a_lost_table_is_noticed() {
    let mut disk = Disk::new();
    disk.fill("k");
    disk.commit([put("a", "1")]);
    disk.store = None;
    fs::remove_file(disk.path("rows.redb")).unwrap();
    let error = disk.fails_to_open().to_string();
    assert!(
        error.ends_with("is damaged: older commits are missing"),
        "{error}"
    );
}

/// The frames of the journal: where each starts, and where the last one ends.
fn frames(journal: &[u8]) -> Vec<usize> {
    let mut starts = vec![16];
    loop {
        let at = *starts.last().unwrap();
        let length = &journal[at + 4..at + 8];
        let length = u32::from_be_bytes(length.try_into().unwrap());
        if length == 0 {
            return starts;
        }
        starts.push(at + 16 + usize::try_from(length).unwrap());
    }
}

#[test]
fn a_commit_that_was_cut_short_is_not_there_and_those_before_it_are() {
    let mut disk = Disk::new();
    disk.commit([put("a", "1")]);
    disk.commit([put("b", "1")]);
    let expected = content(rows_of(&disk.engine));
    disk.commit([put("c", "cut"), put("d", "cut")]);
    disk.store = None;
    let whole = fs::read(disk.path("journal")).unwrap();
    let ends = frames(&whole);
    let last = ends[2]..ends[3];
    for cut in last.clone().step_by(3) {
        for rest in [0, 0xff] {
            let mut torn = whole.clone();
            torn[cut..last.end].fill(rest);
            if torn == whole {
                continue;
            }
            fs::write(disk.path("journal"), torn).unwrap();
            assert_eq!(content(disk.reopen()), expected, "cut at {cut}");
            disk.store = None;
        }
        fs::write(disk.path("journal"), &whole[..cut]).unwrap();
        assert_eq!(content(disk.reopen()), expected, "file ends at {cut}");
    }
}

#[test]
fn writing_goes_on_over_a_commit_that_was_cut_short() {
    let mut disk = Disk::new();
    disk.commit([put("a", "1")]);
    let engine = disk.engine.clone();
    disk.commit([put("b", &"cut".repeat(1000))]);
    disk.store = None;
    let mut torn = fs::read(disk.path("journal")).unwrap();
    let end = *frames(&torn).last().unwrap();
    torn[end - 1] ^= 1;
    fs::write(disk.path("journal"), torn).unwrap();
    disk.engine = engine;
    disk.check();
    disk.commit([put("c", "1")]);
    disk.check();
}

#[test]
fn damage_before_the_newest_commit_is_noticed() {
    let mut disk = Disk::new();
    for key in ["a", "b", "c"] {
        disk.commit([put(key, "1")]);
    }
    disk.store = None;
    let mut damaged = fs::read(disk.path("journal")).unwrap();
    let second = frames(&damaged)[1];
    damaged[second + 20] ^= 1;
    fs::write(disk.path("journal"), damaged).unwrap();
    let error = disk.fails_to_open();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("is damaged: commit 2 is damaged"),
        "{error}"
    );
}

#[test]
fn a_value_that_looks_like_a_commit_is_a_value() {
    let mut disk = Disk::new();
    disk.commit([put("a", "1")]);
    let mut other = Disk::new();
    for key in ["x", "y", "z"] {
        other.commit([put(key, "1")]);
    }
    other.store = None;
    let frames = fs::read(other.path("journal")).unwrap()[16..2000].to_vec();
    let value = Command::Put(Put {
        key: Bytes::from_static(b"trap"),
        value: Bytes::from(frames),
        flags: 0,
        mode: PutMode::Set,
    });
    let engine = disk.engine.clone();
    disk.commit([value]);
    disk.store = None;
    let mut torn = fs::read(disk.path("journal")).unwrap();
    let second = self::frames(&torn)[1];
    torn[second] ^= 1;
    fs::write(disk.path("journal"), torn).unwrap();
    disk.engine = engine;
    disk.check();
}

#[test]
fn a_directory_is_open_once() {
    let mut disk = Disk::new();
    let error = FileStore::open(disk.directory.path()).unwrap_err();
    assert!(
        matches!(&error, StoreError::Locked(path) if path.ends_with("journal")),
        "{error:?}"
    );
    disk.reopen();
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let mut disk = Disk::new();
    disk.commit([put("a", "1")]);
    disk.store = None;
    let mut newer = fs::read(disk.path("journal")).unwrap();
    newer[8] = 9;
    fs::write(disk.path("journal"), &newer).unwrap();
    let error = disk.fails_to_open();
    assert!(
        matches!(
            error,
            StoreError::NewerFormat {
                found: 9,
                supported: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(fs::read(disk.path("journal")).unwrap(), newer);
}

#[test]
fn a_newer_format_of_the_table_is_refused() {
    let mut disk = Disk::new();
    disk.fill("k");
    disk.store = None;
    newer_table(&disk.path("rows.redb"));
    let error = disk.fails_to_open();
    assert!(
        matches!(
            error,
            StoreError::NewerFormat {
                found: 9,
                supported: 1,
                ..
            }
        ),
        "{error:?}"
    );
}

fn newer_table(path: &Path) {
    let table: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("about");
    let database = redb::Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(table)
        .unwrap()
        .insert("format", 9)
        .unwrap();
    transaction.commit().unwrap();
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("journal");
    fs::write(&path, "the diary of somebody else, do not touch").unwrap();
    let error = FileStore::open(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("the diary"));
}

#[test]
fn a_journal_that_was_never_begun_is_begun() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("journal"), "quor").unwrap();
    let mut store = FileStore::open(directory.path()).unwrap();
    assert!(store.load().unwrap().is_empty());
}

#[test]
fn a_directory_that_can_not_be_made_is_an_error_that_names_it() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = FileStore::open(file.join("store")).unwrap_err();
    assert!(error.to_string().contains("file/store"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn the_counter_is_stored_with_the_rows() {
    let mut disk = Disk::new();
    disk.commit([put("a", "1")]);
    let last = disk.reopen().into_iter().find_map(|row| match row {
        Row::Consul(consul::Row::Indexes(indexes)) => Some(indexes.last()),
        _ => None,
    });
    assert_eq!(last, Some(disk.engine.last_index()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Cut the file anywhere: what is found is what some number of whole commits left behind.
    #[test]
    fn any_cut_leaves_whole_commits(
        commits in prop::collection::vec(prop::collection::vec((0..6u8, 0..200usize), 1..4), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut disk = Disk::new();
        let mut states = vec![BTreeMap::new()];
        for commit in &commits {
            disk.commit(commit.iter().map(|(key, length)| put(&key.to_string(), &"v".repeat(*length))));
            states.push(content(rows_of(&disk.engine)));
        }
        disk.store = None;
        let whole = fs::read(disk.path("journal")).unwrap();
        let ends = frames(&whole);
        let cut = cut.index(*ends.last().unwrap() + 1);
        fs::write(disk.path("journal"), &whole[..cut]).unwrap();
        let commits = ends.iter().skip(1).filter(|end| **end <= cut).count();
        prop_assert_eq!(&content(disk.reopen()), &states[commits]);
    }
}
