//! Prepared queries.

use quorate_agent::engine::consul::{
    Command, PreparedQueryRefusal, PreparedQueryWrite, Refusal, Reply, SessionId, Table, Unresolved,
};
use quorate_agent::engine::{Engine, Row, Topic, Wake};
use quorate_wire::consul::PreparedQuery;

use crate::world::World;

fn create(world: &mut World, number: u8, query: PreparedQuery) -> Result<Reply, Refusal> {
    world.apply(Command::PreparedQuery(PreparedQueryWrite::Create {
        id: SessionId::from_bytes([number; 16]),
        query: Box::new(query),
        nameless: false,
    }))
}

fn resolved(engine: &Engine, name: &str) -> Result<String, Unresolved> {
    let snapshot = engine.snapshot();
    let query = snapshot.consul().resolve_prepared_query(name)?;
    Ok(query.service.service.clone())
}

fn restored(world: &World) -> Engine {
    let snapshot = world.engine.snapshot();
    let rows: Vec<_> = snapshot.consul().rows().map(Row::Consul).collect();
    Engine::restore(rows, world.now)
}

#[test]
fn queries_and_templates_survive_a_restart() {
    let mut world = World::new();
    create(&mut world, 1, PreparedQuery::new("named", "web")).unwrap();
    let template = PreparedQuery::template("T-", "${match(1)}").with_regexp("(?i)^t-(.*)$");
    create(&mut world, 2, template).unwrap();
    create(
        &mut world,
        3,
        PreparedQuery::template("", "all-${name.full}"),
    )
    .unwrap();
    for engine in [&world.engine, &restored(&world)] {
        assert_eq!(resolved(engine, "NAMED").unwrap(), "web");
        assert_eq!(resolved(engine, "t-db").unwrap(), "db");
        assert_eq!(resolved(engine, "x").unwrap(), "all-x");
        let by_id = SessionId::from_bytes([1; 16]).to_string();
        assert_eq!(resolved(engine, &by_id).unwrap(), "web");
        let by_id = SessionId::from_bytes([2; 16]).to_string();
        assert_eq!(resolved(engine, &by_id), Err(Unresolved::TemplateById));
        assert_eq!(resolved(engine, ""), Err(Unresolved::NotFound));
    }
}

#[test]
fn a_query_ends_with_its_session_also_after_a_restart() {
    let mut world = World::new();
    let spec = world.spec();
    let session = world.create(spec).unwrap();
    let bound = PreparedQuery::new("bound", "web").with_session(session.to_string());
    create(&mut world, 1, bound).unwrap();
    create(&mut world, 2, PreparedQuery::new("free", "web")).unwrap();
    world.engine = restored(&world);
    world
        .apply(Command::DestroySession(session.to_string()))
        .unwrap();
    assert!(
        world
            .changes
            .wakes
            .contains(&Wake::Topic(Topic::Table(Table::Queries)))
    );
    for engine in [&world.engine, &restored(&world)] {
        assert_eq!(resolved(engine, "bound"), Err(Unresolved::NotFound));
        assert_eq!(resolved(engine, "free").unwrap(), "web");
    }
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.consul().prepared_queries().index, world.index());
}

#[test]
fn a_query_that_is_replaced_gives_up_its_old_name_prefix_and_session() {
    let mut world = World::new();
    let spec = world.spec();
    let session = world.create(spec).unwrap();
    let template = PreparedQuery::template("old-", "s").with_session(session.to_string());
    create(&mut world, 1, template).unwrap();
    let id = SessionId::from_bytes([1; 16]).to_string();
    let update = PreparedQueryWrite::Update {
        id: id.to_uppercase(),
        query: Box::new(PreparedQuery::new("new", "s")),
        nameless: false,
    };
    world.apply(Command::PreparedQuery(update)).unwrap();
    for name in ["old-", "old-x", "new-x"] {
        assert_eq!(
            resolved(&world.engine, name),
            Err(Unresolved::NotFound),
            "{name}"
        );
    }
    let snapshot = world.engine.snapshot();
    let query = snapshot.consul().resolve_prepared_query("new").unwrap();
    assert!(query.id == id && query.create_index < query.modify_index);
    world
        .apply(Command::DestroySession(session.to_string()))
        .unwrap();
    assert_eq!(resolved(&world.engine, "new").unwrap(), "s");
    create(&mut world, 2, PreparedQuery::new("OLD-", "s")).unwrap();
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut world = World::new();
    create(&mut world, 1, PreparedQuery::new("taken", "s")).unwrap();
    let index = world.index();
    let refused = create(&mut world, 1, PreparedQuery::new("x", "s")).unwrap_err();
    let exists = PreparedQueryRefusal::Exists(SessionId::from_bytes([1; 16]));
    assert_eq!(refused, exists.into());
    create(&mut world, 2, PreparedQuery::new("", "s")).unwrap_err();
    // So far nothing was handed to the servers' log; what it refuses spends an index.
    assert_eq!(world.index(), index);
    create(&mut world, 2, PreparedQuery::new("TAKEN", "s")).unwrap_err();
    create(&mut world, 2, PreparedQuery::template("t", "${")).unwrap_err();
    assert_eq!(world.index(), index + 2);
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.consul().prepared_queries().value.len(), 1);
    assert_eq!(snapshot.consul().table_index(Table::Queries), index);
}

#[test]
fn of_old_a_query_needs_neither_name_nor_session() {
    let mut world = World::new();
    let id = SessionId::from_bytes([7; 16]);
    let write = PreparedQueryWrite::Create {
        id,
        query: Box::new(PreparedQuery::new("", "web")),
        nameless: true,
    };
    world.apply(Command::PreparedQuery(write)).unwrap();
    assert_eq!(resolved(&world.engine, &id.to_string()).unwrap(), "web");
}
