//! Tokens, policies and roles as state: how they end, and what a restart keeps.

use std::time::{Duration, UNIX_EPOCH};

use quorate_agent::engine::consul::{
    AclCommand, AclReply, Command, DeleteToken, Fresh, Reply, Row, SetToken, TokenFilter,
};
use quorate_agent::engine::{self, Engine};
use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{Link, Policy, Role, Token};

use crate::world::World;

const ACCESSOR: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SECRET: &str = "bbbbbbbb-0000-4000-8000-000000000001";

fn ruled() -> World {
    let mut world = World::new();
    world
        .engine
        .set_started(UNIX_EPOCH + Duration::from_secs(1_000_000));
    apply(&mut world, AclCommand::Seed(Box::default())).unwrap();
    world
}

fn apply(world: &mut World, command: AclCommand) -> Result<AclReply, String> {
    match world.apply(Command::Acl(command)) {
        Ok(Reply::Acl(reply)) => Ok(reply),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Err(refusal.to_string()),
    }
}

fn new_token(token: Token, seconds: i64) -> AclCommand {
    AclCommand::SetToken(Box::new(SetToken {
        token,
        ttl_nanos: seconds * 1_000_000_000,
        create: true,
        login: false,
        fresh: Fresh {
            accessor_id: ACCESSOR.into(),
            secret_id: SECRET.into(),
        },
        now: (UNIX_EPOCH + Duration::from_secs(1_000_000)).into(),
    }))
}

fn exists(world: &World) -> bool {
    let snapshot = world.engine.snapshot();
    snapshot
        .consul()
        .acl_token(&SecretText::from(SECRET))
        .is_some()
}

#[test]
fn a_token_ends_at_its_time_and_wakes_those_who_list_tokens() {
    let mut world = ruled();
    apply(&mut world, new_token(Token::default(), 60)).unwrap();
    world.pass(59);
    assert!(exists(&world));
    let before = world.index();
    world.pass(1);
    assert!(!exists(&world));
    assert_eq!(world.index(), before + 1);
    assert!(world.changes.need_commit());
    assert_eq!(world.engine.next_deadline(), None);
}

#[test]
fn a_token_that_ends_is_ended_after_a_restart_too() {
    let mut world = ruled();
    apply(&mut world, new_token(Token::default(), 600)).unwrap();
    let rows: Vec<_> = world.engine.snapshot().consul().rows().collect();
    let rows = rows.into_iter().map(engine::Row::Consul);
    world.engine = Engine::restore(rows, engine::Time::START);
    world.now = engine::Time::START;
    world
        .engine
        .set_started(UNIX_EPOCH + Duration::from_secs(1_000_500));
    world.pass(99);
    assert!(exists(&world));
    world.pass(1);
    assert!(!exists(&world));
}

#[test]
fn every_row_of_the_rules_is_restored() {
    let mut world = ruled();
    let mut policy = Policy::default();
    policy.name = "p".into();
    policy.rules = r#"key "a" {policy="read"}"#.into();
    let id = "cccccccc-0000-4000-8000-000000000001";
    apply(
        &mut world,
        AclCommand::SetPolicy(Box::new(policy), id.into()),
    )
    .unwrap();
    let mut role = Role::default();
    role.name = "r".into();
    role.policies = vec![Link::name("p")];
    let role_id = "dddddddd-0000-4000-8000-000000000001";
    apply(
        &mut world,
        AclCommand::SetRole(Box::new(role), role_id.into()),
    )
    .unwrap();
    let mut token = Token::default();
    token.roles = vec![Link::name("R")];
    apply(&mut world, new_token(token, 0)).unwrap();
    apply(
        &mut world,
        AclCommand::SetAgentToken("default".into(), SECRET.into()),
    )
    .unwrap();

    let show = |row: Row| format!("{row:?}");
    let state = world.engine.snapshot();
    let mut before: Vec<_> = state.consul().rows().map(show).collect();
    let rows = state.consul().rows().map(engine::Row::Consul);
    let restored = Engine::restore(rows, engine::Time::START);
    let mut after: Vec<_> = restored.snapshot().consul().rows().map(show).collect();
    before.sort();
    after.sort();
    assert_eq!(before, after);
    assert!(before.iter().all(|row| !row.contains(SECRET)), "{before:?}");
}

#[test]
fn what_a_deleted_policy_gave_is_gone_and_the_link_is_not_shown() {
    let mut world = ruled();
    let mut policy = Policy::default();
    policy.name = "p".into();
    let id = "cccccccc-0000-4000-8000-000000000001";
    apply(
        &mut world,
        AclCommand::SetPolicy(Box::new(policy), id.into()),
    )
    .unwrap();
    let mut token = Token::default();
    token.policies = vec![Link::name("p")];
    apply(&mut world, new_token(token, 0)).unwrap();
    apply(&mut world, AclCommand::DeletePolicy(id.into())).unwrap();
    let snapshot = world.engine.snapshot();
    let state = snapshot.consul();
    let token = state.acl_token(&SecretText::from(SECRET)).unwrap();
    assert!(state.acl_token_shown(token).policies.is_empty());
    let with_policy = state.acl_tokens(&TokenFilter::Policy(id.into()));
    assert_eq!(with_policy.value.len(), 1, "Consul still finds it so");
}

#[test]
fn refused_changes_spend_no_index_and_say_no_secret() {
    let mut world = ruled();
    apply(&mut world, new_token(Token::default(), 0)).unwrap();
    let before = world.index();
    let mut taken = Token::default();
    taken.secret_id = SECRET.into();
    let mut reserved = Token::default();
    reserved.accessor_id = "00000000-0000-0000-0000-000000000009".into();
    let itself = AclCommand::DeleteToken(DeleteToken {
        accessor_id: ACCESSOR.into(),
        requester: SECRET.into(),
    });
    for command in [new_token(taken, 0), new_token(reserved, 0), itself] {
        let printed = format!("{command:?}");
        assert!(!printed.contains(SECRET), "{printed}");
        let refusal = apply(&mut world, command).unwrap_err();
        assert!(!refusal.contains(SECRET), "{refusal}");
    }
    assert_eq!(world.index(), before);
}
