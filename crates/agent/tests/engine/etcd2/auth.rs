use quorate_agent::engine::etcd2::{
    AuthCommand, AuthReply, Command, Permissions, PutRole, PutUser, Refusal, Reply,
};

use super::Tree;

fn change(tree: &mut Tree, command: AuthCommand) -> Result<AuthReply, String> {
    match tree.apply(Command::Auth(Box::new(command))) {
        Ok(Reply::Auth(reply)) => Ok(reply),
        Err(Refusal::Auth(refusal)) => Err(refusal.to_string()),
        other => panic!("not what a change of users comes to: {other:?}"),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn user(name: &str) -> PutUser {
    PutUser {
        name: name.into(),
        ..PutUser::default()
    }
}

fn new_user(name: &str) -> AuthCommand {
    AuthCommand::PutUser(PutUser {
        password: Some("hash".into()),
        ..user(name)
    })
}

fn new_role(name: &str) -> AuthCommand {
    AuthCommand::PutRole(PutRole {
        name: name.into(),
        ..PutRole::default()
    })
}

fn roles_of(reply: Result<AuthReply, String>) -> (Option<Vec<String>>, bool) {
    match reply.unwrap() {
        AuthReply::User { user, created } => (user.roles.clone(), created),
        other => panic!("not a user: {other:?}"),
    }
}

#[test]
fn the_first_change_takes_five_indexes_and_each_further_one() {
    let mut tree = Tree::new();
    change(&mut tree, new_user("root")).unwrap();
    assert_eq!(tree.index(), 8);
    change(&mut tree, new_role("r1")).unwrap();
    assert_eq!(tree.index(), 9);
    change(&mut tree, AuthCommand::Enable).unwrap();
    assert_eq!(tree.index(), 11, "the role of guests, and the switch");
    let mut watch = tree.watch("/", true, 4).unwrap();
    assert!(
        tree.seen(&mut watch).is_empty(),
        "no watcher sees any of it"
    );
}

#[test]
fn users_count_only_when_there_is_a_root_user() {
    let mut tree = Tree::new();
    let none = change(&mut tree, AuthCommand::Enable).unwrap_err();
    assert_eq!(none, "auth: No root user available, please create one");
    change(&mut tree, new_user("root")).unwrap();
    change(&mut tree, AuthCommand::Enable).unwrap();
    assert_eq!(
        change(&mut tree, AuthCommand::Enable).unwrap_err(),
        "auth: already enabled"
    );
    let last = change(&mut tree, AuthCommand::DeleteUser("root".into())).unwrap_err();
    assert_eq!(last, "auth: Cannot delete root user while auth is enabled.");
    let snapshot = tree.engine.snapshot();
    let auth = snapshot.etcd2().auth();
    assert!(
        auth.permits_guest("/a", true),
        "guests may do everything at first"
    );
    change(&mut tree, AuthCommand::Disable).unwrap();
    assert_eq!(
        change(&mut tree, AuthCommand::Disable).unwrap_err(),
        "auth: already disabled"
    );
}

#[test]
fn a_user_is_made_and_changed_as_on_etcd() {
    let mut tree = Tree::new();
    assert_eq!(roles_of(change(&mut tree, new_user("u"))), (None, true));
    let nothing = || AuthCommand::PutUser(user("u"));
    assert_eq!(
        roles_of(change(&mut tree, nothing())),
        (Some(vec![]), false)
    );
    let unchanged = change(&mut tree, nothing()).unwrap_err();
    assert!(
        unchanged.starts_with("auth: User not updated."),
        "{unchanged}"
    );
    let grant = |roles: &[&str]| {
        AuthCommand::PutUser(PutUser {
            grant: texts(roles),
            ..user("u")
        })
    };
    let granted = roles_of(change(&mut tree, grant(&["b", "a"])));
    assert_eq!(
        granted,
        (Some(texts(&["a", "b"])), false),
        "roles need not exist"
    );
    let twice = change(&mut tree, grant(&["a"])).unwrap_err();
    assert_eq!(twice, "auth: Granting duplicate role a for user u");
    let revoke = AuthCommand::PutUser(PutUser {
        revoke: texts(&["x"]),
        ..user("u")
    });
    let missing = change(&mut tree, revoke).unwrap_err();
    assert_eq!(missing, "auth: Revoking ungranted role x for user u");
    let unknown = AuthCommand::PutUser(PutUser {
        grant: texts(&["a"]),
        ..user("none")
    });
    assert_eq!(
        change(&mut tree, unknown).unwrap_err(),
        "auth: User none does not exist."
    );
    let nobody = AuthCommand::DeleteUser("none".into());
    assert_eq!(
        change(&mut tree, nobody).unwrap_err(),
        "auth: User none does not exist"
    );
}

#[test]
fn a_user_with_roles_is_a_new_one() {
    let mut tree = Tree::new();
    let with_roles = |name: &str, password: Option<&str>| {
        AuthCommand::PutUser(PutUser {
            password: password.map(Into::into),
            roles: texts(&["b", "a"]),
            ..user(name)
        })
    };
    let made = roles_of(change(&mut tree, with_roles("u", Some("hash"))));
    assert_eq!(
        made,
        (Some(texts(&["b", "a"])), false),
        "etcd answers 200 to it"
    );
    let again = change(&mut tree, with_roles("u", Some("hash"))).unwrap_err();
    assert_eq!(again, "auth: User u already exists.");
    let without = change(&mut tree, with_roles("v", None)).unwrap_err();
    assert_eq!(without, "auth: Cannot create user v with an empty password");
}

#[test]
fn the_root_role_is_of_stone() {
    let mut tree = Tree::new();
    let expected = "auth: Cannot modify role root: is root role.";
    assert_eq!(change(&mut tree, new_role("root")).unwrap_err(), expected);
    let delete = AuthCommand::DeleteRole("root".into());
    assert_eq!(change(&mut tree, delete).unwrap_err(), expected);
    let made = roles_of(change(&mut tree, new_user("root")));
    assert_eq!(made.0, Some(texts(&["root"])));
    let snapshot = tree.engine.snapshot();
    let auth = snapshot.etcd2().auth();
    assert_eq!(auth.role_names(), ["root"]);
    assert!(auth.is_root(&auth.user("root").unwrap()));
}

#[test]
fn a_role_permits_what_it_was_granted() {
    let mut tree = Tree::new();
    change(&mut tree, new_role("r")).unwrap();
    let again = change(&mut tree, new_role("r")).unwrap_err();
    assert_eq!(again, "auth: Role r already exists.");
    let grant = |name: &str| {
        AuthCommand::PutRole(PutRole {
            name: name.into(),
            grant: Some(Permissions {
                read: Some(texts(&["/a/*"])),
                write: None,
            }),
            ..PutRole::default()
        })
    };
    change(&mut tree, grant("r")).unwrap();
    let unknown = change(&mut tree, grant("none")).unwrap_err();
    assert_eq!(unknown, "auth: Role none does not exist.");
    let with_role = AuthCommand::PutUser(PutUser {
        password: Some("hash".into()),
        roles: texts(&["gone", "r"]),
        ..user("u")
    });
    change(&mut tree, with_role).unwrap();
    let snapshot = tree.engine.snapshot();
    let auth = snapshot.etcd2().auth();
    let user = auth.user("u").unwrap();
    assert!(auth.permits(&user, "/a/x", false, true));
    assert!(!auth.permits(&user, "/a/x", true, false) && !auth.permits(&user, "/b", false, false));
    let revoke = AuthCommand::PutRole(PutRole {
        name: "r".into(),
        revoke: Some(Permissions {
            read: Some(texts(&["/never"])),
            write: None,
        }),
        ..PutRole::default()
    });
    let unchanged = change(&mut tree, revoke).unwrap_err();
    assert!(
        unchanged.starts_with("auth: Role not updated."),
        "{unchanged}"
    );
}
