//! Serves the OpenAPI description of Souk and a page to read it.

use std::io::Read;

use flate2::read::GzDecoder;
use souk::{
    http::{Call, Nothing, Problem, Reply, Routes, accepts_gzip, get},
    runtime::{App, Function},
};

/// What the page may load: only what comes from here. The viewer draws its own styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The description changes with a deployment only.
const AN_HOUR: &str = "public, max-age=3600";

/// The function.
pub fn function() -> Function {
    Routes::new()
        .on(get("/", "Read this reference as a page"), page)
        .on(get("/openapi.json", "Read this reference as OpenAPI 3.1"), description)
        .on(get("/reference/{asset}", "Get a part of the page"), asset)
        .function("api-reference")
}

async fn page(_: App, _: Call) -> Result<Reply<Nothing>, Problem> {
    let page = include_str!("../assets/index.html");
    Ok(Reply::bytes("text/html; charset=utf-8", page)
        .header("content-security-policy", POLICY)
        .cache(AN_HOUR))
}

/// The committed description. A test holds it against the one made from the functions' routes.
async fn description(_: App, _: Call) -> Result<Reply<Nothing>, Problem> {
    let description = include_str!("../assets/openapi.json");
    Ok(Reply::bytes("application/json", description)
        .header("access-control-allow-origin", "*")
        .cache(AN_HOUR))
}

async fn asset(_: App, call: Call) -> Result<Reply<Nothing>, Problem> {
    let name: String = call.path("asset")?;
    let reply = match name.as_str() {
        "rapidoc.js" => return viewer(accepts_gzip(&call.headers)),
        "reference.js" => {
            Reply::bytes("text/javascript; charset=utf-8", include_str!("../assets/reference.js"))
        }
        "reference.css" => Reply::bytes("text/css; charset=utf-8", include_str!("../assets/reference.css")),
        "souk.svg" => Reply::bytes("image/svg+xml; charset=utf-8", include_str!("../assets/souk.svg")),
        "rapidoc.LICENSE.txt" => {
            Reply::bytes("text/plain; charset=utf-8", include_str!("../assets/rapidoc.LICENSE.txt"))
        }
        _ => return Err(Problem::not_found()),
    };
    Ok(reply.cache(AN_HOUR))
}

/// The viewer, which is kept compressed: few clients need it otherwise.
fn viewer(gzip: bool) -> Result<Reply<Nothing>, Problem> {
    let packed = include_bytes!("../assets/rapidoc.js.gz").as_slice();
    let reply = if gzip {
        Reply::bytes("text/javascript; charset=utf-8", packed).header("content-encoding", "gzip")
    } else {
        let mut script = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut script).map_err(Problem::internal)?;
        Reply::bytes("text/javascript; charset=utf-8", script)
    };
    Ok(reply.cache(AN_HOUR))
}
