//! Which route a request matches.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>

use std::collections::BTreeMap;

use http::Method;

use super::encoding::percent_decode;
use crate::template::Route;

/// The routes of an API, ready to be matched.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Known>);

#[derive(Debug)]
struct Known {
    route: Route,
    /// None is any method.
    method: Option<String>,
    /// None is `$default`.
    path: Option<Vec<Segment>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    One(String),
    Rest(String),
}

/// A route that fits, and the path's parameters, decoded.
#[derive(Debug)]
pub(crate) struct Matched<'r> {
    pub route: &'r Route,
    pub parameters: BTreeMap<String, String>,
}

impl Routes {
    pub(crate) fn new(routes: &[Route]) -> Self {
        Self(routes.iter().map(|route| Known::read(route.clone())).collect())
    }

    /// The best route: a fixed segment before a parameter before a greedy one, a route's own method before `ANY`,
    /// and `$default` when nothing else fits.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<Matched<'_>> {
        let asked: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        self.0
            .iter()
            .filter(|known| known.method.as_ref().is_none_or(|own| own == method.as_str()))
            .filter_map(|known| Some((known.rank(&asked)?, known)))
            .min_by(|(left, _), (right, _)| left.cmp(right))
            .map(|(_, known)| Matched { route: &known.route, parameters: known.parameters(&asked) })
    }
}

impl Known {
    fn read(route: Route) -> Self {
        let Some((method, path)) = route.key.split_once(' ') else {
            return Self { route, method: None, path: None };
        };
        let method = (method != "ANY").then(|| method.to_owned());
        let segments = path.strip_prefix('/').unwrap_or(path).split('/').map(|segment| {
            match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
                None => Segment::Fixed(segment.to_owned()),
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Rest(name.to_owned()),
                    None => Segment::One(name.to_owned()),
                },
            }
        });
        let path = Some(segments.collect());
        Self { route, method, path }
    }

    /// How well the route fits, if it does: less is better.
    fn rank(&self, asked: &[&str]) -> Option<(Vec<u8>, bool)> {
        let Some(path) = &self.path else { return Some((vec![3], true)) };
        let mut rank = Vec::with_capacity(path.len());
        let mut left = asked;
        for segment in path {
            let (first, rest) = left.split_first()?;
            match segment {
                Segment::Fixed(name) if name == first || *name == percent_decode(first) => rank.push(0),
                Segment::Fixed(_) => return None,
                Segment::One(_) if first.is_empty() => return None,
                Segment::One(_) => rank.push(1),
                Segment::Rest(_) if left.iter().all(|segment| segment.is_empty()) => return None,
                Segment::Rest(_) => {
                    rank.push(2);
                    return Some((rank, self.method.is_none()));
                }
            }
            left = rest;
        }
        left.is_empty().then_some((rank, self.method.is_none()))
    }

    fn parameters(&self, asked: &[&str]) -> BTreeMap<String, String> {
        let segments = self.path.iter().flatten().enumerate();
        segments
            .filter_map(|(index, segment)| match segment {
                Segment::Fixed(_) => None,
                Segment::One(name) => Some((name.clone(), percent_decode(asked.get(index)?))),
                Segment::Rest(name) => Some((name.clone(), percent_decode(&asked.get(index..)?.join("/")))),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(method: &str, path: &str) -> String {
        let keys = [
            "GET /",
            "GET /v1/carts",
            "GET /v1/carts/{id}",
            "GET /v1/carts/mine",
            "ANY /v1/carts/{id}",
            "PATCH /v1/carts/{id}/lines/{sku}",
            "ANY /files/{proxy+}",
            "GET /files/readme",
        ];
        let route = |key: &str| Route {
            key: key.to_owned(),
            function: "F".to_owned(),
            authorizer: None,
            timeout_ms: 30_000,
        };
        let routes = Routes::new(&keys.map(route));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        match routes.find(&method, path) {
            None => "nothing".to_owned(),
            Some(matched) if matched.parameters.is_empty() => matched.route.key.clone(),
            Some(matched) => format!("{} {:?}", matched.route.key, matched.parameters),
        }
    }

    #[test]
    fn the_most_particular_route_wins() {
        assert_eq!(find("GET", "/"), "GET /");
        assert_eq!(find("GET", "/v1/carts/mine"), "GET /v1/carts/mine");
        assert_eq!(find("GET", "/v1/carts/x"), r#"GET /v1/carts/{id} {"id": "x"}"#);
        assert_eq!(find("PUT", "/v1/carts/x"), r#"ANY /v1/carts/{id} {"id": "x"}"#);
        assert_eq!(find("GET", "/files/readme"), "GET /files/readme");
        assert_eq!(find("GET", "/files/a/b"), r#"ANY /files/{proxy+} {"proxy": "a/b"}"#);
    }

    #[test]
    fn parameters_are_decoded_within_their_segment() {
        assert_eq!(
            find("PATCH", "/v1/carts/a%2Fb/lines/red%20shoe"),
            r#"PATCH /v1/carts/{id}/lines/{sku} {"id": "a/b", "sku": "red shoe"}"#
        );
    }

    #[test]
    fn what_fits_no_route_is_not_found() {
        for (method, path) in [
            ("POST", "/v1/carts"),
            ("GET", "/v1/carts/"),
            ("GET", "/v1/carts//lines/x"),
            ("GET", "/v1"),
            ("GET", "/files/"),
            ("HEAD", "/"),
            ("GET", "/V1/carts"),
        ] {
            assert_eq!(find(method, path), "nothing", "{method} {path}");
        }
    }
}
