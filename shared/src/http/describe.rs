//! The OpenAPI description, made from the routes and from the types that parse and answer.

use serde_json::json;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ComponentsBuilder, ContentBuilder, HttpMethod, Info, OpenApi, OpenApiBuilder, PathsBuilder, Ref,
        RefOr, Required, ResponseBuilder, Schema,
        header::HeaderBuilder,
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ObjectBuilder, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    Nothing,
    demands::{Access, Keys},
    problem::{Code, ProblemBody},
    routes::Route,
};
use crate::runtime::Function;

/// What a route's types say of it.
pub(super) struct Types {
    body: Option<RefOr<Schema>>,
    query: Vec<Parameter>,
    answer: Option<RefOr<Schema>>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// Describes a route's types.
pub(super) type Described = fn() -> Types;

pub(super) fn described<B: ToSchema, Q: IntoParams, R: ToSchema>() -> Types {
    let mut schemas = Vec::new();
    let mut reference = |name: String, schema: RefOr<Schema>, nested: &mut Vec<(String, RefOr<Schema>)>| {
        schemas.append(nested);
        if name == Nothing::name() {
            return None;
        }
        schemas.push((name.clone(), schema));
        Some(RefOr::Ref(Ref::from_schema_name(name)))
    };
    let mut nested = Vec::new();
    B::schemas(&mut nested);
    let body = reference(B::name().into_owned(), B::schema(), &mut nested);
    R::schemas(&mut nested);
    let answer = reference(R::name().into_owned(), R::schema(), &mut nested);
    Types { body, query: Q::into_params(|| Some(ParameterIn::Query)), answer, schemas }
}

/// The OpenAPI 3.1 description of all routes of `functions`.
pub fn describe<'a>(functions: impl IntoIterator<Item = &'a Function>) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new();
    let mut nested = Vec::new();
    ProblemBody::schemas(&mut nested);
    nested.push(("Problem".to_owned(), <ProblemBody as utoipa::PartialSchema>::schema()));
    for function in functions {
        for (route, types) in function.routes().into_iter().flat_map(super::routes::Routes::entries) {
            let types = types();
            nested.extend(types.schemas.clone());
            let method = match route.method.as_str() {
                "POST" => HttpMethod::Post,
                "PATCH" => HttpMethod::Patch,
                "DELETE" => HttpMethod::Delete,
                _ => HttpMethod::Get,
            };
            let operation = operation(function.name(), route, types);
            paths = paths.path(route.path, utoipa::openapi::PathItem::new(method, operation));
        }
    }
    components = components.schemas_from_iter(nested).security_scheme(
        "api_key",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A publishable key (`pk_…`) or a secret key (`sk_…`)."))
                .build(),
        ),
    );
    let mut info = Info::new("Souk", env!("CARGO_PKG_VERSION"));
    info.description = Some(include_str!("describe.md").to_owned());
    info.license = Some(
        utoipa::openapi::LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
    );
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build())).build()
}

fn operation(tag: &str, route: &Route, types: Types) -> utoipa::openapi::path::Operation {
    let mut operation =
        OperationBuilder::new().tag(tag).summary(Some(route.summary)).operation_id(Some(operation_id(route)));
    for segment in route.path.split('/') {
        if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            operation = operation.parameter(parameter(name, ParameterIn::Path, true, "Which one."));
        }
    }
    for query in types.query {
        operation = operation.parameter(query);
    }
    if route.keys != Keys::Ignored {
        let required = route.keys.are_required();
        let about = "Names the request, so that it can be sent again without a second effect.";
        operation = operation.parameter(parameter("Idempotency-Key", ParameterIn::Header, required, about));
    }
    if route.keys.are_followed() {
        let about =
            "`wait=20` answers with what came of it, once that is known, or as it is after 20 seconds.";
        operation = operation.parameter(parameter("Prefer", ParameterIn::Header, false, about));
    }
    match route.access {
        Access::Public => operation = operation.securities(Some([SecurityRequirement::default()])),
        Access::Scope(scope) => {
            operation = operation.security(SecurityRequirement::new("api_key", [scope.as_str()]));
        }
    }
    if let Some(body) = types.body {
        let content = ContentBuilder::new().schema(Some(body)).build();
        let media = if route.form { "application/x-www-form-urlencoded" } else { "application/json" };
        let body = RequestBodyBuilder::new().content(media, content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let text = || Schema::Object(ObjectBuilder::new().schema_type(Type::String).build());
    for status in route.answers {
        let mut response = ResponseBuilder::new()
            .description(
                http::StatusCode::from_u16(*status).ok().and_then(|s| s.canonical_reason()).unwrap_or("OK"),
            )
            .header("Request-Id", HeaderBuilder::new().schema(text()).build());
        if let (Some(answer), false) = (&types.answer, *status == 204) {
            let content = ContentBuilder::new().schema(Some(answer.clone())).build();
            response = response.content("application/json", content);
        }
        operation = operation.response(status.to_string(), response.build());
    }
    let problem =
        ContentBuilder::new().schema(Some(RefOr::<Schema>::Ref(Ref::from_schema_name("Problem")))).build();
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let mut problem =
        ResponseBuilder::new().description("A problem").content("application/problem+json", problem).build();
    problem.extensions =
        Some(utoipa::openapi::extensions::Extensions::from_iter([("x-codes", json!(codes))]));
    operation.response("default", problem).build()
}

fn parameter(name: &str, place: ParameterIn, required: bool, about: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .description(Some(about))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// `GET /v1/products/{id}` is `get_products_id`.
fn operation_id(route: &Route) -> String {
    let words = route.path.split('/').filter(|word| !word.is_empty() && *word != "v1");
    let words: Vec<_> = words.map(|word| word.trim_matches(['{', '}']).replace(['-', '.'], "_")).collect();
    let words = if words.is_empty() { "reference".to_owned() } else { words.join("_") };
    format!("{}_{words}", route.method.as_str().to_lowercase())
}
