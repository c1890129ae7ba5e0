use std::time::Duration;

use quorate_agent::engine::Time;
use quorate_agent::engine::etcd3::{AuthCommand, Caller, Refusal, Tokens};

use super::Store;
use super::auth::{change, guarded, user};

fn issue(tokens: &mut Tokens, store: &Store, token: &str, user: &str) {
    let revision = store.with_state(|state| state.auth().revision());
    tokens.issue(token.into(), user, revision, store.now);
}

fn caller(tokens: &mut Tokens, store: &Store, token: &str) -> Result<Caller, Refusal> {
    store.with_state(|state| tokens.caller(token, state.auth(), store.now))
}

#[test]
fn a_token_says_who_shows_it() {
    let store = guarded();
    let mut tokens = Tokens::default();
    issue(&mut tokens, &store, "t1", "root");
    issue(&mut tokens, &store, "t2", "d");
    assert_eq!(
        caller(&mut tokens, &store, "t1"),
        Ok(Caller::User("root".into()))
    );
    assert_eq!(
        caller(&mut tokens, &store, "t2"),
        Ok(Caller::User("d".into()))
    );
    assert_eq!(
        caller(&mut tokens, &store, "t3"),
        Err(Refusal::InvalidAuthToken)
    );
}

#[test]
fn a_token_is_good_for_five_minutes_after_it_was_shown_last() {
    let mut store = guarded();
    let mut tokens = Tokens::default();
    issue(&mut tokens, &store, "t", "d");
    for _ in 0..3 {
        store.now = store.now.after(Duration::from_secs(299));
        assert!(caller(&mut tokens, &store, "t").is_ok());
    }
    store.now = store.now.after(Duration::from_secs(300));
    assert_eq!(
        caller(&mut tokens, &store, "t"),
        Err(Refusal::InvalidAuthToken)
    );
}

#[test]
fn a_token_is_worth_nothing_when_the_password_or_the_user_is_another_one() {
    let mut store = guarded();
    let mut tokens = Tokens::default();
    issue(&mut tokens, &store, "old", "d");
    let other = AuthCommand::ChangePassword {
        name: "d".into(),
        hash: Some("other".into()),
    };
    change(&mut store, other).unwrap();
    assert_eq!(
        caller(&mut tokens, &store, "old"),
        Err(Refusal::InvalidAuthToken)
    );
    issue(&mut tokens, &store, "new", "d");
    assert!(caller(&mut tokens, &store, "new").is_ok());
    change(&mut store, AuthCommand::DeleteUser("d".into())).unwrap();
    assert_eq!(
        caller(&mut tokens, &store, "new"),
        Err(Refusal::InvalidAuthToken)
    );
    change(&mut store, user("d")).unwrap();
    assert_eq!(
        caller(&mut tokens, &store, "new"),
        Err(Refusal::InvalidAuthToken)
    );
}

#[test]
fn a_change_of_others_leaves_a_token_as_good_as_it_was() {
    let mut store = guarded();
    let mut tokens = Tokens::default();
    issue(&mut tokens, &store, "t", "d");
    change(&mut store, user("other")).unwrap();
    assert!(caller(&mut tokens, &store, "t").is_ok());
}

#[test]
fn tokens_of_before_users_did_not_count_are_worth_nothing() {
    let mut store = guarded();
    let mut tokens = Tokens::default();
    issue(&mut tokens, &store, "t", "root");
    for command in [AuthCommand::Disable, AuthCommand::Enable] {
        change(&mut store, command).unwrap();
    }
    assert_eq!(
        caller(&mut tokens, &store, "t"),
        Err(Refusal::InvalidAuthToken)
    );
    issue(&mut tokens, &store, "t", "root");
    assert!(caller(&mut tokens, &store, "t").is_ok());
}

#[test]
fn there_is_room_for_new_tokens_always() {
    let store = guarded();
    let mut tokens = Tokens::default();
    for at in 0..101_000 {
        let now = Time::since_start(Duration::from_millis(at));
        tokens.issue(at.to_string().into(), "d", 100, now);
    }
    assert!(caller(&mut tokens, &store, "100999").is_ok());
    assert_eq!(
        caller(&mut tokens, &store, "0"),
        Err(Refusal::InvalidAuthToken)
    );
    assert!(caller(&mut tokens, &store, "20000").is_ok());
}
