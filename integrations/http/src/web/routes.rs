//! Routes: which handler answers which path.

use http::Method;
use kolo_executor::{Error, Result};
use percent_encoding::percent_decode_str;

use crate::web::error::HttpError;
use crate::web::handler::AnyHandler;

/// The paths of an application, each with its handlers by method.
#[derive(Default)]
pub(crate) struct Routes {
    resources: Vec<Resource>,
}

struct Resource {
    path: String,
    parts: Vec<Part>,
    /// `None`: of any method.
    handlers: Vec<(Option<Method>, AnyHandler)>,
}

/// A part of a path, between two slashes.
#[derive(PartialEq, Eq)]
enum Part {
    Fixed(String),
    /// `{name}`: anything but nothing.
    Named(String),
    /// `{name:.*}`, at the end: all the rest.
    Rest(String),
}

/// The parameters in a path, by name.
pub(crate) type Parameters = Vec<(String, String)>;

impl Part {
    fn read(part: &str, is_last: bool) -> Option<Part> {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            return (!part.contains(['{', '}'])).then(|| Part::Fixed(decode(part)));
        };
        match name.split_once(':') {
            None if is_name(name) => Some(Part::Named(name.to_owned())),
            Some((name, ".*")) if is_last && is_name(name) => Some(Part::Rest(name.to_owned())),
            _ => None,
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn decode(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

impl Resource {
    fn new(path: &str) -> Result<Resource> {
        let wrong = |why| Err(Error::value(format!("the route {path:?}: {why}")));
        let Some(rest) = path.strip_prefix('/') else {
            return wrong("a path begins with a slash");
        };
        let count = rest.split('/').count();
        let parts = rest.split('/').enumerate().map(|(i, part)| Part::read(part, i + 1 == count));
        let Some(parts) = parts.collect::<Option<Vec<Part>>>() else {
            return wrong("what varies is a whole part of it, {name}, or all the rest of it, {name:.*}");
        };
        Ok(Resource {
            path: path.to_owned(),
            parts,
            handlers: Vec::new(),
        })
    }

    fn has_parameters(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Fixed(_)))
    }

    /// The parameters, if it is the resource at this path.
    fn at(&self, path: &str) -> Option<Parameters> {
        let mut parameters = Parameters::new();
        let mut rest = Some(path.strip_prefix('/')?);
        for part in &self.parts {
            if let Part::Rest(name) = part {
                parameters.push((name.clone(), decode(rest?)));
                return Some(parameters);
            }
            let (here, after) = match rest?.split_once('/') {
                Some((here, after)) => (here, Some(after)),
                None => (rest?, None),
            };
            rest = after;
            match part {
                Part::Fixed(fixed) if *fixed == decode(here) => {}
                Part::Named(name) if !here.is_empty() => parameters.push((name.clone(), decode(here))),
                _ => return None,
            }
        }
        rest.is_none().then_some(parameters)
    }

    fn handler(&self, method: &Method) -> Option<&AnyHandler> {
        let of = |wanted: &Method| {
            let mut handlers = self.handlers.iter();
            handlers.find(|(method, _)| method.as_ref().is_none_or(|method| method == wanted))
        };
        // As aiohttp does unless told otherwise: who answers GET answers HEAD.
        let found = of(method).or_else(|| (*method == Method::HEAD).then(|| of(&Method::GET)).flatten());
        found.map(|(_, handler)| handler)
    }

    fn allowed(&self) -> Vec<&str> {
        let methods = self.handlers.iter().filter_map(|(method, _)| method.as_ref());
        let mut allowed: Vec<&str> = methods.map(Method::as_str).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed
    }
}

impl Routes {
    pub(crate) fn add(&mut self, method: Option<Method>, path: &str, handler: AnyHandler) -> Result<()> {
        let resource = Resource::new(path)?;
        let known = self.resources.iter().position(|known| known.path == path);
        let at = known.unwrap_or_else(|| {
            self.resources.push(resource);
            self.resources.len() - 1
        });
        let resource = &mut self.resources[at];
        if resource.handlers.iter().any(|(known, _)| *known == method) {
            let method = method.as_ref().map_or("*", Method::as_str);
            return Err(Error::runtime(format!(
                "Added route will never be executed, method {method} is already registered for {path}"
            )));
        }
        resource.handlers.push((method, handler));
        Ok(())
    }

    /// Who answers. Paths without parameters come first, then whoever was added first.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Result<(AnyHandler, Parameters), Box<HttpError>> {
        let mut allowed: Vec<&str> = Vec::new();
        for with_parameters in [false, true] {
            for resource in self
                .resources
                .iter()
                .filter(|resource| resource.has_parameters() == with_parameters)
            {
                let Some(parameters) = resource.at(path) else { continue };
                match resource.handler(method) {
                    Some(handler) => return Ok((handler.clone(), parameters)),
                    None => allowed.extend(resource.allowed()),
                }
            }
        }
        if allowed.is_empty() {
            return Err(Box::new(HttpError::new(404)));
        }
        allowed.sort_unstable();
        allowed.dedup();
        Err(Box::new(HttpError::new(405).with_header("allow", allowed.join(","))))
    }
}

/// What a query says, by name, in order.
pub(crate) fn query(query: Option<&str>) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned()
}
