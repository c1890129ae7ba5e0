use quorate_agent::engine::etcd3::{
    Alarm, AuthCommand, Caller, Compare, Comparison, DeleteRange, KeyRange, NewUser, Op,
    Permission, PermissionKind, Put, Refusal, Reply, Target, Txn, TxnOp,
};

use super::{Store, between, bytes, op_put, op_range, put, single, txn};

pub(super) fn change(store: &mut Store, command: AuthCommand) -> Result<Reply, Refusal> {
    store.apply(Op::Auth(Box::new(command)))
}

pub(super) fn user(name: &str) -> AuthCommand {
    AuthCommand::AddUser(NewUser {
        name: name.into(),
        hash: Some("hash".into()),
        no_password: false,
    })
}

fn grant_role(user: &str, role: &str) -> AuthCommand {
    AuthCommand::GrantRole {
        user: user.into(),
        role: role.into(),
    }
}

fn revoke_role(user: &str, role: &str) -> AuthCommand {
    AuthCommand::RevokeRole {
        user: user.into(),
        role: role.into(),
    }
}

fn grant(role: &str, kind: PermissionKind, range: KeyRange) -> AuthCommand {
    AuthCommand::GrantPermission {
        role: role.into(),
        permission: Some(Permission { kind, range }),
    }
}

fn revoke(role: &str, range: KeyRange) -> AuthCommand {
    AuthCommand::RevokePermission {
        role: role.into(),
        range,
    }
}

fn role(name: &str) -> AuthCommand {
    AuthCommand::AddRole(name.into())
}

fn all(store: &mut Store, commands: impl IntoIterator<Item = AuthCommand>) {
    for command in commands {
        change(store, command).unwrap();
    }
}

fn auth_revision(store: &Store) -> i64 {
    store.with_state(|state| state.auth().revision())
}

fn calling(store: &mut Store, name: &str) {
    store.caller = Caller::User(name.into());
}

/// Users count. `d` may read `a` and everything from `x` on, write from `b` to before `d`, and do
/// both to `foo`.
pub(super) fn guarded() -> Store {
    let mut store = Store::new();
    let kinds = [PermissionKind::Read, PermissionKind::Write];
    all(
        &mut store,
        [
            user("root"),
            role("r"),
            grant_role("root", "root"),
            user("d"),
            grant_role("d", "r"),
            grant("r", kinds[0], single("a")),
            grant("r", kinds[1], between("b", "d")),
            grant("r", PermissionKind::ReadWrite, single("foo")),
            grant("r", kinds[0], between("x", "\0")),
            AuthCommand::Enable,
        ],
    );
    calling(&mut store, "root");
    store
}

#[test]
fn users_count_only_when_there_is_root_with_its_role() {
    let mut store = Store::new();
    assert_eq!(
        change(&mut store, AuthCommand::Enable),
        Err(Refusal::NoRootUser)
    );
    all(&mut store, [user("root")]);
    assert_eq!(
        change(&mut store, AuthCommand::Enable),
        Err(Refusal::NoRootRole)
    );
    all(
        &mut store,
        [grant_role("root", "root"), AuthCommand::Enable],
    );
    assert!(store.with_state(|state| state.auth().is_enabled()));
}

#[test]
fn each_change_of_users_is_counted_and_enabling_is_not() {
    let mut store = Store::new();
    let mut seen = vec![auth_revision(&store)];
    let commands = [
        user("root"),
        role("r"),
        grant_role("root", "root"),
        grant_role("root", "root"),
        grant("r", PermissionKind::Read, single("a")),
        grant("r", PermissionKind::Read, single("a")),
        AuthCommand::Disable,
        AuthCommand::Enable,
    ];
    for command in commands {
        change(&mut store, command).unwrap();
        seen.push(auth_revision(&store));
    }
    assert_eq!(seen, [1, 2, 3, 4, 4, 5, 6, 6, 6]);
    calling(&mut store, "root");
    all(
        &mut store,
        [
            AuthCommand::Enable,
            AuthCommand::Disable,
            AuthCommand::Disable,
        ],
    );
    assert_eq!(auth_revision(&store), 7);
    assert_eq!(store.revision(), 1, "keys have nothing to do with it");
}

#[test]
fn names_are_given_once_and_not_empty() {
    let mut store = Store::new();
    all(&mut store, [user("u"), role("r")]);
    let refused = [
        (user(""), Refusal::UserEmpty),
        (user("u"), Refusal::UserExists),
        (role(""), Refusal::RoleEmpty),
        (role("r"), Refusal::RoleExists),
        (AuthCommand::DeleteUser("x".into()), Refusal::UserNotFound),
        (AuthCommand::DeleteRole("x".into()), Refusal::RoleNotFound),
        (grant_role("x", "r"), Refusal::UserNotFound),
        (grant_role("u", "x"), Refusal::RoleNotFound),
        (revoke_role("x", "r"), Refusal::UserNotFound),
        (revoke_role("u", "r"), Refusal::RoleNotGranted),
        (
            AuthCommand::ChangePassword {
                name: "x".into(),
                hash: None,
            },
            Refusal::UserNotFound,
        ),
    ];
    for (command, refusal) in refused {
        assert_eq!(change(&mut store, command), Err(refusal));
    }
    all(&mut store, [grant_role("u", "root")]);
}

#[test]
fn a_permission_replaces_the_one_for_the_same_keys_and_needs_keys() {
    let mut store = Store::new();
    all(&mut store, [role("r")]);
    let read = PermissionKind::Read;
    let nothing = AuthCommand::GrantPermission {
        role: "r".into(),
        permission: None,
    };
    let refused = [
        (nothing, Refusal::PermissionNotGiven),
        (grant("x", read, single("a")), Refusal::RoleNotFound),
        (
            grant("r", read, between("b", "a")),
            Refusal::InvalidAuthManagement,
        ),
        (grant("r", read, single("")), Refusal::InvalidAuthManagement),
        (revoke("x", single("a")), Refusal::RoleNotFound),
        (revoke("r", single("a")), Refusal::PermissionNotGranted),
    ];
    for (command, refusal) in refused {
        assert_eq!(change(&mut store, command), Err(refusal));
    }
    all(
        &mut store,
        [
            grant("r", read, single("foo")),
            grant("r", PermissionKind::Write, between("b", "d")),
            grant("r", PermissionKind::ReadWrite, single("foo")),
        ],
    );
    let kinds = |store: &Store| {
        store.with_state(|state| {
            let role = state.auth().role("r").unwrap();
            role.permissions
                .iter()
                .map(|it| it.kind)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(
        kinds(&store),
        [PermissionKind::Write, PermissionKind::ReadWrite]
    );
    assert_eq!(
        change(&mut store, revoke("r", single("b"))),
        Err(Refusal::PermissionNotGranted)
    );
    all(&mut store, [revoke("r", between("b", "d"))]);
    assert_eq!(kinds(&store), [PermissionKind::ReadWrite]);
}

#[test]
fn a_role_that_goes_is_taken_from_its_users() {
    let mut store = Store::new();
    all(
        &mut store,
        [
            user("u"),
            role("r2"),
            role("r1"),
            grant_role("u", "r2"),
            grant_role("u", "r1"),
        ],
    );
    let roles =
        |store: &Store| store.with_state(|state| state.auth().user("u").unwrap().roles.clone());
    assert_eq!(roles(&store), ["r1", "r2"], "in the order of their names");
    all(&mut store, [AuthCommand::DeleteRole("r2".into())]);
    assert_eq!(roles(&store), ["r1"]);
}

#[test]
fn root_stays_while_users_count() {
    let mut store = guarded();
    all(&mut store, [role("root")]);
    let kept = [
        AuthCommand::DeleteUser("root".into()),
        AuthCommand::DeleteRole("root".into()),
        revoke_role("root", "root"),
    ];
    for command in kept.clone() {
        let refused = change(&mut store, command);
        assert_eq!(refused, Err(Refusal::InvalidAuthManagement));
    }
    all(&mut store, [AuthCommand::Disable]);
    all(
        &mut store,
        [kept[2].clone(), kept[1].clone(), kept[0].clone()],
    );
}

#[test]
fn who_is_nobody_may_next_to_nothing() {
    let mut store = guarded();
    store.put("foo", "1");
    store.grant(5, 1000).unwrap();
    store.put_with_lease("secret", 5);
    store.caller = Caller::Nobody;
    let delete = DeleteRange {
        range: single("foo"),
        prev_kv: false,
    };
    let unknown_lease = Put {
        lease: 999,
        ..put("x", "1")
    };
    let refused = [
        Op::Put(unknown_lease),
        Op::Delete(delete),
        Op::Revoke(5),
        Op::Auth(Box::new(AuthCommand::Enable)),
        Op::SetPeers(Vec::new()),
    ];
    for op in refused {
        assert_eq!(store.apply(op), Err(Refusal::UserEmpty));
    }
    let read = store.with_state(|state| state.auth().may_read(&store.caller, &single("foo")));
    assert_eq!(read, Err(Refusal::UserEmpty));
    assert!(store.grant(6, 10).is_ok());
    assert!(store.apply(Op::KeepAlive(5)).is_ok());
    assert_eq!(store.apply(Op::Revoke(99)), Err(Refusal::LeaseNotFound));
    assert!(store.all(vec![]).is_ok());
    assert!(store.compact(2).is_ok());
    assert_eq!(
        store.try_put(put("", "1")),
        Err(Refusal::EmptyKey),
        "this comes first"
    );
}

#[test]
fn keys_are_read_and_written_as_permitted() {
    let mut store = guarded();
    calling(&mut store, "d");
    let may_read = |store: &Store, range: KeyRange| {
        store.with_state(|state| state.auth().may_read(&store.caller, &range).is_ok())
    };
    for range in [
        single("foo"),
        single("a"),
        between("x", "\0"),
        between("y", "zz"),
    ] {
        assert!(may_read(&store, range.clone()), "{range:?}");
    }
    for range in [
        single("secret"),
        single("b"),
        between("w", "\0"),
        between("foo", "fop"),
    ] {
        assert!(!may_read(&store, range.clone()), "{range:?}");
    }
    for (key, may) in [("c", true), ("foo", true), ("a", false), ("d", false)] {
        assert_eq!(store.try_put(put(key, "1")).is_ok(), may, "{key}");
    }
    let asking = Put {
        prev_kv: true,
        ..put("c", "1")
    };
    assert_eq!(store.try_put(asking), Err(Refusal::PermissionDenied));
    for (end, prev_kv, may) in [("d", false, true), ("d", true, false), ("e", false, false)] {
        let range = between("b", end);
        let deleted = store.apply(Op::Delete(DeleteRange { range, prev_kv }));
        assert_eq!(deleted.is_ok(), may, "to {end}");
    }
}

#[test]
fn permissions_of_ranges_that_touch_are_one() {
    let mut store = guarded();
    let read = PermissionKind::Read;
    all(
        &mut store,
        [
            grant("r", read, between("d", "f")),
            grant("r", read, between("f", "h")),
            grant("r", read, single("h")),
        ],
    );
    let caller = Caller::User("d".into());
    let may =
        |range: KeyRange| store.with_state(|state| state.auth().may_read(&caller, &range).is_ok());
    assert!(may(between("d", "h")) && may(between("d", "h\0")));
    assert!(!may(between("d", "h\0\0")) && !may(between("h", "d")));
}

#[test]
fn every_part_of_a_transaction_is_looked_at_on_both_sides() {
    let mut store = guarded();
    calling(&mut store, "d");
    let nested = |op: TxnOp| TxnOp::Txn(txn(vec![op]));
    let condition = Compare {
        range: single("secret"),
        target: Target::Version(0),
        result: Comparison::Equal,
    };
    let comparing = Txn {
        compare: vec![condition],
        ..Txn::default()
    };
    let failing = Txn {
        failure: vec![op_put("secret")],
        ..Txn::default()
    };
    let refused = [
        comparing,
        failing,
        txn(vec![op_range(single("secret"))]),
        txn(vec![nested(op_put("secret"))]),
        txn(vec![nested(op_range(single("secret")))]),
    ];
    for txn in refused {
        assert_eq!(store.txn(txn), Err(Refusal::PermissionDenied));
    }
    let good = vec![op_put("foo"), nested(op_put("c")), op_range(single("a"))];
    assert!(store.all(good).is_ok());
}

#[test]
fn who_ends_a_lease_must_be_allowed_to_remove_its_keys() {
    let mut store = guarded();
    store.grant(50, 1000).unwrap();
    store.grant(51, 1000).unwrap();
    store.put_with_lease("foo", 50);
    store.put_with_lease("secret", 51);
    calling(&mut store, "d");
    let put = |lease| Put {
        lease,
        ..put("foo", "1")
    };
    assert_eq!(store.try_put(put(51)), Err(Refusal::PermissionDenied));
    assert_eq!(
        store.all(vec![TxnOp::Put(put(51))]),
        Err(Refusal::PermissionDenied)
    );
    assert_eq!(store.apply(Op::Revoke(51)), Err(Refusal::PermissionDenied));
    assert_eq!(store.try_put(put(99)), Err(Refusal::LeaseNotFound));
    let sees = |id| store.with_state(|state| state.may_see_lease(&store.caller, id));
    assert_eq!(
        [sees(50), sees(51), sees(99)],
        [Ok(()), Err(Refusal::PermissionDenied), Ok(())]
    );
    let nobody = store.with_state(|state| state.may_see_lease(&Caller::Nobody, 99));
    assert_eq!(nobody, Err(Refusal::UserEmpty));
    store.try_put(put(50)).unwrap();
    store.apply(Op::Revoke(50)).unwrap();
}

#[test]
fn users_are_managed_by_root_and_everybody_sees_himself() {
    let mut store = guarded();
    calling(&mut store, "d");
    for command in [user("new"), AuthCommand::Disable, AuthCommand::Enable] {
        assert_eq!(change(&mut store, command), Err(Refusal::PermissionDenied));
    }
    let d = store.caller.clone();
    store.with_state(|state| {
        let auth = state.auth();
        assert!(auth.may_see_user(&d, "d").is_ok() && auth.may_see_role(&d, "r").is_ok());
        let refused = Err(Refusal::PermissionDenied);
        assert_eq!(auth.may_see_user(&d, "root"), refused);
        assert_eq!(auth.may_see_role(&d, "root"), refused);
        assert_eq!(auth.may_manage(&d), refused);
        let root = Caller::User("root".into());
        assert!(auth.may_see_user(&root, "d").is_ok() && auth.may_manage(&root).is_ok());
        assert_eq!(auth.may_manage(&Caller::User("gone".into())), refused);
        assert!(auth.may_manage(&Caller::Agent).is_ok());
    });
}

#[test]
fn alarms_and_leases_that_end_need_no_user() {
    let mut store = guarded();
    store.grant(5, 10).unwrap();
    store.put_with_lease("secret", 5);
    store.caller = Caller::Nobody;
    let (alarm, member) = (Alarm::NoSpace, 1);
    assert!(
        store
            .apply(Op::SetAlarm {
                alarm,
                member,
                on: false
            })
            .is_ok()
    );
    store.pass(10);
    assert_eq!(
        store.with_state(|state| state.get(b"secret").cloned()),
        None
    );
}

#[test]
fn while_users_do_not_count_everybody_may_do_everything() {
    let mut store = guarded();
    all(&mut store, [AuthCommand::Disable]);
    store.caller = Caller::Nobody;
    store.put("secret", "1");
    all(&mut store, [user("new")]);
    let range = KeyRange::new(bytes("a"), bytes("\0"));
    assert!(store.with_state(|state| state.auth().may_read(&Caller::Nobody, &range).is_ok()));
}
