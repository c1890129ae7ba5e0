//! From the items of a text to rules, refused in Consul's words.

use super::access::Access;
use super::hcl::{Item, Literal, Position, Value};
use super::rules::{Resource, Rule, Rules, RulesError};
use crate::quote::quote;

/// Reads the rules; the last item of a name counts where there can be only one.
pub(super) fn rules(items: &[Item]) -> Result<Rules, RulesError> {
    let acl = word(items, "acl", "root.acl")?;
    let mut found = Vec::new();
    for resource in Resource::ALL {
        for is_prefix in [false, true] {
            let bodies = bodies(items, resource, is_prefix)?;
            found.extend(bodies);
        }
    }
    let keyring = word(items, "keyring", "root.keyring")?;
    let operator = word(items, "operator", "root.operator")?;
    Ok(Rules {
        acl: plain("acl", acl)?,
        named: found.into_iter().map(validate).collect::<Result<_, _>>()?,
        keyring: plain("keyring", keyring)?,
        operator: plain("operator", operator)?,
    })
}

/// A rule without a name. Consul accepts its word in any case, but knows only the lower one.
fn plain(rule: &str, word: Option<String>) -> Result<Option<Access>, RulesError> {
    let Some(word) = word.filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    match Access::parse(&word) {
        None | Some(Access::List) => {
            let word = quote(&word);
            Err(RulesError(format!("Invalid {rule} policy: {word}")))
        }
        Some(access) => Ok(Some(access).filter(|access| access.as_str() == word)),
    }
}

/// One rule with a name, as it stands in the text.
struct Body {
    resource: Resource,
    is_prefix: bool,
    name: String,
    policy: String,
    intentions: String,
}

fn bodies(items: &[Item], resource: Resource, is_prefix: bool) -> Result<Vec<Body>, RulesError> {
    let kind = kind(resource, is_prefix);
    let mut bodies = Vec::new();
    for item in items.iter().filter(|item| item.is(&kind)) {
        for (name, fields) in labelled(item)? {
            let at = |field: &str| format!("root.{kind}[{}].{field}", bodies.len());
            let policy = word(fields, "policy", &at("Policy"))?;
            let intentions = match resource {
                Resource::Service => word(fields, "intentions", &at("Intentions"))?,
                _ => None,
            };
            bodies.push(Body {
                resource,
                is_prefix,
                name,
                policy: policy.unwrap_or_default(),
                intentions: intentions.unwrap_or_default(),
            });
        }
    }
    Ok(bodies)
}

fn kind(resource: Resource, is_prefix: bool) -> String {
    let tail = if is_prefix { "_prefix" } else { "" };
    format!("{}{tail}", resource.word())
}

/// The names of an item with the fields of each: of a block with a label, or, as JSON has it, of
/// an object or a list of objects by name.
fn labelled(item: &Item) -> Result<Vec<(String, &[Item])>, RulesError> {
    match &item.keys[1..] {
        [label] => Ok(objects(&item.value)
            .into_iter()
            .map(|fields| (label.text.clone(), fields))
            .collect()),
        [label, ..] => Ok(vec![(label.text.clone(), &[])]),
        [] => by_name(&item.value),
    }
}

fn by_name(value: &Value) -> Result<Vec<(String, &[Item])>, RulesError> {
    let mut found = Vec::new();
    match value {
        Value::Object(items) => {
            for item in items {
                found.extend(labelled_within(item));
            }
        }
        Value::List(values, _) => {
            for value in values {
                found.extend(by_name(value)?);
            }
        }
        Value::Literal(_, at) => {
            return Err(unfit(*at, "unknown slice type: *ast.LiteralType"));
        }
    }
    Ok(found)
}

fn labelled_within(item: &Item) -> Vec<(String, &[Item])> {
    let label = item.keys.first().map_or("", |key| key.text.as_str());
    let named = objects(&item.value).into_iter();
    named.map(|fields| (label.to_owned(), fields)).collect()
}

/// The objects of a value; something that is none has no fields.
fn objects(value: &Value) -> Vec<&[Item]> {
    match value {
        Value::Object(items) => vec![items],
        Value::List(values, _) if !values.is_empty() => {
            values.iter().flat_map(objects_within).collect()
        }
        Value::List(..) | Value::Literal(..) => vec![&[]],
    }
}

/// As [`objects`] one level deeper; lists of lists hold nothing.
fn objects_within(value: &Value) -> Vec<&[Item]> {
    match value {
        Value::Object(items) => vec![items],
        Value::List(..) | Value::Literal(..) => vec![&[]],
    }
}

/// The text of the last item called `name`.
fn word(items: &[Item], name: &str, path: &str) -> Result<Option<String>, RulesError> {
    let mut found = items.iter().rev().filter(|item| item.is(name));
    let Some(item) = found.next() else {
        return Ok(None);
    };
    let (what, at) = match &item.value {
        Value::Literal(Literal::Text(text) | Literal::Number(text), _) => {
            return Ok(Some(text.clone()));
        }
        Value::Literal(Literal::Null, _) => return Ok(Some(String::new())),
        Value::Literal(Literal::Bool(_), at) => ("LiteralType", *at),
        Value::List(_, at) => ("ListType", *at),
        Value::Object(_) => ("ObjectType", item.at()),
    };
    Err(unfit(
        at,
        &format!("{path}: unknown type for string *ast.{what}"),
    ))
}

fn unfit(at: Option<Position>, problem: &str) -> RulesError {
    let at = at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    RulesError::unreadable(format!("At {at}: {problem}"))
}

fn validate(body: Body) -> Result<Rule, RulesError> {
    let kind = kind(body.resource, body.is_prefix);
    let access = Access::parse(&body.policy);
    let may_list = body.resource == Resource::Key;
    let access = access.filter(|access| may_list || *access != Access::List);
    let Some(access) = access else {
        let body = show(&body);
        return Err(RulesError(format!("Invalid {kind} policy: {body}")));
    };
    let intentions = match body.intentions.as_str() {
        "" => None,
        word => match Access::parse(word).filter(|access| *access != Access::List) {
            None => {
                let body = show(&body);
                return Err(RulesError(format!(
                    "Invalid {kind} intentions policy: {body}"
                )));
            }
            intentions => intentions,
        },
    };
    Ok(Rule {
        resource: body.resource,
        is_prefix: body.is_prefix,
        name: body.name,
        access,
        intentions,
    })
}

/// A rule as Consul prints it in its errors.
fn show(body: &Body) -> String {
    const ENTERPRISE: &str = ", EnterpriseRule:acl.EnterpriseRule{}";
    let (structure, field, tail) = match body.resource {
        Resource::Agent => ("AgentRule", "Node", ""),
        Resource::Event => ("EventRule", "Event", ""),
        Resource::Key => ("KeyRule", "Prefix", ENTERPRISE),
        Resource::Node => ("NodeRule", "Name", ENTERPRISE),
        Resource::Query => ("PreparedQueryRule", "Prefix", ""),
        Resource::Service => ("ServiceRule", "Name", ENTERPRISE),
        Resource::Session => ("SessionRule", "Node", ""),
    };
    let (name, policy) = (quote(&body.name), quote(&body.policy));
    let intentions = match body.resource {
        Resource::Service => format!(", Intentions:{}", quote(&body.intentions)),
        _ => String::new(),
    };
    format!("&acl.{structure}{{{field}:{name}, Policy:{policy}{intentions}{tail}}}")
}
