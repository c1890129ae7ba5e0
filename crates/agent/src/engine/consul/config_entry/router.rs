use std::collections::HashSet;

use quorate_wire::consul::config_entry::{
    HeaderMatch, HttpMatch, QueryMatch, ServiceRoute, ServiceRouter,
};

use super::super::refusal::Refusal;
use super::check::{refuse_if, required_name};
use crate::quote::quote;

pub(super) fn check(router: &mut ServiceRouter) -> Result<(), Refusal> {
    router.routes.iter_mut().for_each(normalize);
    required_name(&router.name)?;
    for (at, route) in router.routes.iter().enumerate() {
        check_route(at, route)?;
    }
    Ok(())
}

/// Consul fills in the namespace of destinations behind a match of methods, and of no others.
fn normalize(route: &mut ServiceRoute) {
    let http = route.matches.as_mut().and_then(|it| it.http.as_mut());
    let Some(http) = http.filter(|http| !http.methods.is_empty()) else {
        return;
    };
    for method in &mut http.methods {
        *method = method.to_uppercase();
    }
    if let Some(destination) = &mut route.destination
        && destination.namespace.is_empty()
    {
        "default".clone_into(&mut destination.namespace);
    }
}

fn check_route(at: usize, route: &ServiceRoute) -> Result<(), Refusal> {
    let http = route.matches.as_ref().and_then(|it| it.http.as_ref());
    if let Some(http) = http {
        check_paths(at, http)?;
        for (nth, header) in http.header.iter().enumerate() {
            check_header(at, nth, header)?;
        }
        for (nth, param) in http.query_param.iter().enumerate() {
            check_query(at, nth, param)?;
        }
        check_methods(at, &http.methods)?;
    }
    let rewrites = route.destination.as_ref();
    let rewrites = rewrites.is_some_and(|it| !it.prefix_rewrite.is_empty());
    let has_path = http.is_some_and(|it| !it.path_exact.is_empty() || !it.path_prefix.is_empty());
    refuse_if(rewrites && !has_path, || {
        format!(
            "Route[{at}] cannot make use of PrefixRewrite without configuring either PathExact or PathPrefix"
        )
    })
}

fn check_paths(at: usize, http: &HttpMatch) -> Result<(), Refusal> {
    for (field, path) in [
        ("PathExact", &http.path_exact),
        ("PathPrefix", &http.path_prefix),
    ] {
        refuse_if(!path.is_empty() && !path.starts_with('/'), || {
            format!(
                "Route[{at}] {field} doesn't start with '/': {}",
                quote(path)
            )
        })?;
    }
    let paths = [&http.path_exact, &http.path_prefix, &http.path_regex];
    let set = paths.into_iter().filter(|path| !path.is_empty()).count();
    refuse_if(set > 1, || {
        format!(
            "Route[{at}] should only contain at most one of PathExact, PathPrefix, or PathRegex"
        )
    })
}

fn check_header(at: usize, nth: usize, header: &HeaderMatch) -> Result<(), Refusal> {
    refuse_if(header.name.is_empty(), || {
        format!("Route[{at}] Header[{nth}] missing required Name field")
    })?;
    let texts = [&header.exact, &header.prefix, &header.suffix, &header.regex];
    let set = texts.into_iter().filter(|text| !text.is_empty()).count();
    refuse_if(set + usize::from(header.present) != 1, || {
        format!(
            "Route[{at}] Header[{nth}] should only contain one of Present, Exact, Prefix, Suffix, or Regex"
        )
    })
}

fn check_query(at: usize, nth: usize, param: &QueryMatch) -> Result<(), Refusal> {
    refuse_if(param.name.is_empty(), || {
        format!("Route[{at}] QueryParam[{nth}] missing required Name field")
    })?;
    let texts = [&param.exact, &param.regex];
    let set = texts.into_iter().filter(|text| !text.is_empty()).count();
    refuse_if(set + usize::from(param.present) != 1, || {
        format!("Route[{at}] QueryParam[{nth}] should only contain one of Present, Exact, or Regex")
    })
}

fn check_methods(at: usize, methods: &[String]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    let twice = methods.iter().find(|method| !seen.insert(*method));
    refuse_if(twice.is_some(), || {
        let method = twice.map_or_else(String::new, |method| quote(method).to_string());
        format!("Route[{at}] Methods contains {method} more than once")
    })
}
