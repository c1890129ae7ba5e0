use quorate_wire::consul::PreparedQuery;
use quorate_wire::consul::prepared_query::{NAME_PREFIX_MATCH, ServiceQuery};
use regex::Regex;

use super::interpolation::{Text, Variables};
use quorate_wire::go_regex;

/// What makes queries of names that start with its prefix.
#[derive(Debug)]
pub(super) struct Template {
    regexp: Option<Regex>,
    /// The texts of the service, in the order of [`texts`].
    texts: Vec<Text>,
}

impl Template {
    /// Reads a template, and tries it on its own prefix, or says in the real server's words what
    /// is wrong with it.
    pub(super) fn compile(query: &PreparedQuery) -> Result<Self, String> {
        let kind = &query.template.r#type;
        if kind != NAME_PREFIX_MATCH {
            return Err(format!("Bad Template.Type '{kind}'"));
        }
        let mut service = query.service.clone();
        let texts = texts(&mut service).into_iter().map(|(place, text)| {
            Text::parse(text)
                .map_err(|error| format!("Bad format '{text}' in Service{place}: {error}"))
        });
        let texts = texts.collect::<Result<_, _>>()?;
        let regexp = match query.template.regexp.as_str() {
            "" => None,
            regexp => Some(go_regex::compile(regexp).map_err(|it| format!("Bad Regexp: {it}"))?),
        };
        let template = Self { regexp, texts };
        template.render(query, &query.name)?;
        Ok(template)
    }

    /// The query for a name.
    pub(super) fn render(
        &self,
        query: &PreparedQuery,
        name: &str,
    ) -> Result<PreparedQuery, String> {
        let groups = self
            .regexp
            .as_ref()
            .and_then(|regexp| regexp.captures(name));
        let groups = groups.iter().flat_map(|groups| groups.iter());
        let groups = groups.map(|group| group.map_or("", |group| group.as_str()));
        let variables = Variables {
            full: name,
            prefix: &query.name,
            // Prefixes are found in any case of letters, and cut off only in their own.
            suffix: name.strip_prefix(&query.name).unwrap_or(name),
            groups: groups.collect(),
        };
        let mut made = query.clone();
        for ((place, text), template) in texts(&mut made.service).into_iter().zip(&self.texts) {
            let rendered = template.render(&variables).map_err(|error| {
                format!("Bad evaluation for '{text}' in Service{place}: {error}")
            })?;
            *text = rendered;
        }
        if made.template.remove_empty_tags
            && let Some(tags) = &mut made.service.tags
        {
            tags.retain(|tag| !tag.is_empty());
        }
        Ok(made)
    }
}

/// Every text of a service's search, and its place as errors name it.
fn texts(service: &mut ServiceQuery) -> Vec<(String, &mut String)> {
    let ServiceQuery {
        service: name,
        failover,
        ignore_check_ids,
        near,
        tags,
        node_meta,
        service_meta,
        ..
    } = service;
    let mut found = vec![(".Service".to_owned(), name)];
    found.extend(elements(".Failover.Datacenters", &mut failover.datacenters));
    found.extend(elements(".IgnoreCheckIDs", ignore_check_ids));
    found.push((".Near".to_owned(), near));
    found.extend(elements(".Tags", tags));
    for (place, map) in [(".NodeMeta", node_meta), (".ServiceMeta", service_meta)] {
        let entries = map.iter_mut().flatten();
        found.extend(entries.map(|(key, value)| (format!("{place}[{key}]"), value)));
    }
    found
}

fn elements<'a>(
    place: &'a str,
    list: &'a mut Option<Vec<String>>,
) -> impl Iterator<Item = (String, &'a mut String)> {
    let elements = list.iter_mut().flatten().enumerate();
    elements.map(move |(at, text)| (format!("{place}[{at}]"), text))
}
