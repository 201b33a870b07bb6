//! DynamoDB over one TLS connection.

use std::{env, error::Error, fmt::Write as _, fs, io::Write as _, net::TcpStream, sync::Arc};

use floor::Message;
use jiff::Timestamp;
use ring::{
    digest::{SHA256, digest},
    hmac::{HMAC_SHA256, Key, sign},
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

const SIGNED: &str = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";

/// A connection, and what its requests are signed with.
pub struct DynamoDb {
    stream: StreamOwned<ClientConnection, TcpStream>,
    host: String,
    region: String,
    key: String,
    secret: String,
    token: String,
    answer: Message,
}

impl DynamoDb {
    /// Connects to where the environment says, trusting the certificates in `SSL_CERT_FILE`.
    pub fn connect() -> Result<Self, Box<dyn Error>> {
        let endpoint = env::var("AWS_ENDPOINT_URL")?;
        let host = endpoint.trim_start_matches("https://").trim_end_matches('/').to_owned();
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&fs::read(env::var("SSL_CERT_FILE")?)?) {
            roots.add(certificate?)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(host.split(':').next().unwrap_or_default().to_owned())?;
        let tls = ClientConnection::new(Arc::new(config), name)?;
        let socket = TcpStream::connect(&host)?;
        socket.set_nodelay(true)?;
        Ok(Self {
            stream: StreamOwned::new(tls, socket),
            host,
            region: env::var("AWS_REGION")?,
            key: env::var("AWS_ACCESS_KEY_ID")?,
            secret: env::var("AWS_SECRET_ACCESS_KEY")?,
            token: env::var("AWS_SESSION_TOKEN")?,
            answer: Message::default(),
        })
    }

    /// Calls an operation: the JSON that it answers with 200.
    pub fn call(&mut self, operation: &str, body: &str) -> Result<&[u8], Box<dyn Error>> {
        let Self { host, region, key, secret, token, .. } = &*self;
        let date = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = &date[..8];
        let scope = format!("{day}/{region}/dynamodb/aws4_request");
        let headers = format!(
            "content-type:application/x-amz-json-1.0\nhost:{host}\nx-amz-date:{date}\n\
             x-amz-security-token:{token}\nx-amz-target:DynamoDB_20120810.{operation}\n"
        );
        let request = format!("POST\n/\n\n{headers}\n{SIGNED}\n{}", hash(body));
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(&request));
        let first = format!("AWS4{secret}").into_bytes();
        let signing =
            [day, region, "dynamodb", "aws4_request"].into_iter().fold(first, |key, part| mac(&key, part));
        let signature = hex(&mac(&signing, &text));
        let headers = headers.replace('\n', "\r\n");
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\n{headers}authorization: AWS4-HMAC-SHA256 Credential={key}/{scope}, \
             SignedHeaders={SIGNED}, Signature={signature}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes())?;
        self.stream.flush()?;
        self.answer.read(&mut self.stream)?;
        match self.answer.status() {
            Some(200) => Ok(self.answer.body()),
            _ => Err(String::from_utf8_lossy(self.answer.body()).into()),
        }
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hash(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
