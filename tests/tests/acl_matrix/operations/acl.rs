//! Access rules themselves.

use crate::operation::Operation;
use crate::rules::Group::{self, Acl, Key, Service};

const ACL: &[Group] = &[Acl];
const ASKED: &[Group] = &[Acl, Key, Service];

pub(super) fn operations() -> Vec<Operation> {
    [reads(), tokens(), others(), old()].concat()
}

const NONE: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

fn reads() -> Vec<Operation> {
    let get = |target: &str| Operation::get("acl", target, ACL).unordered();
    vec![
        // Full lists would be of every rule set: their filters are enough.
        get("acl/tokens?policy={policy}"),
        get("acl/tokens?role={role}"),
        get("acl/token/{token}"),
        get("acl/token/00000000-0000-0000-0000-000000000002"),
        get(&format!("acl/token/{NONE}")),
        get("acl/token/self").opaque(),
        get("acl/policies").opaque(),
        get("acl/policy/{policy}"),
        get("acl/policy/name/fixed"),
        get("acl/policy/name/none"),
        get(&format!("acl/policy/{NONE}")),
        get("acl/roles"),
        get("acl/role/{role}"),
        get("acl/role/name/fixed"),
        get("acl/role/name/none"),
        get("acl/auth-methods"),
        get("acl/auth-method/jwt"),
        get("acl/auth-method/none"),
        get("acl/binding-rules"),
        get("acl/binding-rule/{binding-rule}"),
        get(&format!("acl/binding-rule/{NONE}")),
        get("acl/replication"),
        get("acl/rules/translate/{token}"),
        Operation::ask(
            "acl",
            "POST",
            "acl/rules/translate",
            "key \"a\" { policy = \"read\" }",
            ACL,
        ),
        Operation::ask(
            "acl",
            "POST",
            "internal/acl/authorize",
            r#"[{"Resource":"acl","Access":"read"},{"Resource":"acl","Access":"write"},{"Resource":"key","Segment":"app/a","Access":"read"},{"Resource":"key","Segment":"app/a","Access":"list"},{"Resource":"key","Segment":"app/","Access":"list"},{"Resource":"key","Segment":"app/a","Access":"write"},{"Resource":"service","Segment":"web","Access":"read"},{"Resource":"service","Segment":"db","Access":"write"},{"Resource":"intention","Segment":"web","Access":"write"},{"Resource":"intention","Segment":"*","Access":"read"},{"Resource":"operator","Access":"write"},{"Resource":"keyring","Access":"read"},{"Resource":"agent","Segment":"node-1","Access":"read"},{"Resource":"event","Segment":"deploy","Access":"write"},{"Resource":"node","Segment":"n-ext","Access":"write"},{"Resource":"query","Segment":"q-web","Access":"read"},{"Resource":"session","Segment":"n-ext","Access":"write"}]"#,
            ASKED,
        ),
    ]
}

fn tokens() -> Vec<Operation> {
    let put = |target: &str, body: &str| Operation::put("acl", target, body, ACL);
    let made = r#"{"AccessorID":"eeeeeeee-0000-4000-8000-000000000001","SecretID":"eeeeeeee-0000-4000-8000-000000000002","Description":"made"}"#;
    let accessor = "acl/token/eeeeeeee-0000-4000-8000-000000000001";
    vec![
        put("acl/token", made).after("DELETE", accessor, ""),
        put("acl/token", r#"{"Policies":[{"Name":"none"}]}"#),
        put(accessor, r#"{"Description":"changed"}"#)
            .before("PUT", "acl/token", made)
            .after("DELETE", accessor, ""),
        put(&format!("acl/token/{NONE}"), "{}"),
        put(&format!("{accessor}/clone"), r#"{"Description":"a copy"}"#)
            .before("PUT", "acl/token", made)
            .after("DELETE", "acl/token/{AccessorID}", "")
            .after("DELETE", accessor, ""),
        Operation::delete("acl", accessor, ACL)
            .before("PUT", "acl/token", made)
            .after("DELETE", accessor, ""),
        Operation::delete("acl", &format!("acl/token/{NONE}"), ACL),
    ]
}

fn others() -> Vec<Operation> {
    let put = |target: &str, body: &str| Operation::put("acl", target, body, ACL);
    let delete = |target: &str| Operation::delete("acl", target, ACL);
    let rule = r#"{"AuthMethod":"jwt","BindType":"role","BindName":"none","Description":"made"}"#;
    vec![
        put(
            "acl/policy",
            r#"{"Name":"made","Rules":"operator = \"read\""}"#,
        )
        .after("DELETE", "acl/policy/{ID}", ""),
        put(
            "acl/policy/{policy}",
            r#"{"Name":"fixed","Rules":"operator = \"read\""}"#,
        ),
        delete("acl/policy/{ID}")
            .before("PUT", "acl/policy", r#"{"Name":"made"}"#)
            .after("DELETE", "acl/policy/{ID}", ""),
        delete(&format!("acl/policy/{NONE}")),
        put("acl/role", r#"{"Name":"made"}"#).after("DELETE", "acl/role/{ID}", ""),
        put(
            "acl/role/{role}",
            r#"{"Name":"fixed","Policies":[{"Name":"fixed"}]}"#,
        ),
        delete("acl/role/{ID}")
            .before("PUT", "acl/role", r#"{"Name":"made"}"#)
            .after("DELETE", "acl/role/{ID}", ""),
        put("acl/auth-method", r#"{"Name":"made","Type":"none"}"#),
        delete("acl/auth-method/none"),
        put("acl/binding-rule", rule).after("DELETE", "acl/binding-rule/{ID}", ""),
        delete("acl/binding-rule/{ID}")
            .before("PUT", "acl/binding-rule", rule)
            .after("DELETE", "acl/binding-rule/{ID}", ""),
        put("acl/bootstrap", ""),
        Operation::write(
            "acl",
            "POST",
            "acl/login",
            r#"{"AuthMethod":"none","BearerToken":"x"}"#,
            ACL,
        ),
    ]
}

fn old() -> Vec<Operation> {
    let get = |target: &str| Operation::get("acl", target, ACL);
    let put = |target: &str, body: &str| Operation::put("acl", target, body, ACL);
    let made = r#"{"ID":"made-in-the-old-way","Name":"made","Type":"client","Rules":""}"#;
    let destroy = "acl/destroy/made-in-the-old-way";
    vec![
        get("acl/list").opaque(),
        get("acl/info/matrix-old-token"),
        get("acl/info/none"),
        put("acl/create", made).after("PUT", destroy, ""),
        put("acl/create", r#"{"Type":"none"}"#),
        put("acl/update", made).after("PUT", destroy, ""),
        put("acl/update", "{}"),
        put("acl/clone/matrix-old-token", "").after("PUT", "acl/destroy/{ID}", ""),
        put("acl/clone/none", ""),
        put(destroy, "")
            .before("PUT", "acl/create", made)
            .after("PUT", destroy, ""),
        put("acl/destroy/none", ""),
    ]
}
