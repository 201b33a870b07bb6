//! Nothing inside hears of a URL that a stranger wrote.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, SharedDnsResolver};

use super::{Outside, WebError, send, target::Rules};

/// A socket on this machine that counts who knocks, and answers what it is told to.
struct Ear {
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl Ear {
    fn listen(answer: impl Fn() -> Vec<u8> + Send + 'static) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (socket.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&heard);
        thread::spawn(move || {
            for connection in socket.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                let mut connection = connection.unwrap();
                let _ = connection.set_read_timeout(Some(Duration::from_millis(200)));
                let _ = connection.read(&mut [0; 4096]);
                let _ = connection.write_all(&answer());
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

/// Names as an attacker sets them: `inside…` leads to this machine, `mixed…` there and to the public, `turning…` to the
/// public when it is asked for the first time and inside from then on. Any other name is one of the public.
#[derive(Clone, Debug, Default)]
struct Hostile(Arc<Mutex<usize>>);

impl ResolveDns for Hostile {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let (inside, public): (IpAddr, IpAddr) = ("127.0.0.1".parse().unwrap(), "192.0.9.9".parse().unwrap());
        let mut asked = self.0.lock().unwrap();
        *asked += 1;
        let addresses = match name.split(['.', '-']).next().unwrap_or_default() {
            "mixed" => vec![public, inside],
            "mapped" => vec!["::ffff:127.0.0.1".parse().unwrap()],
            "six" => vec!["::1".parse().unwrap()],
            "metadata" => vec!["169.254.169.254".parse().unwrap()],
            "nothing" => Vec::new(),
            _ => vec![inside],
        };
        DnsFuture::ready(Ok(addresses))
    }
}

/// The public internet as a stranger has set it up. The ear's port counts as one of the web's, so that it is the
/// address that decides.
fn outside(loopback: bool, port: u16) -> Outside {
    let world = Outside::resolved_by(SharedDnsResolver::new(Hostile::default()), loopback);
    Outside { rules: Rules { loopback, ports: vec![443, 8443, port] }, ..world }
}

async fn get(world: &Outside, url: &str) -> Result<http::Response<Vec<u8>>, WebError> {
    send(world, url, http::Request::get("/").body(Vec::new()).unwrap()).await
}

/// Hosts, each of which leads inside, or could.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "0.0.0.0",
    "0",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "127.0.0.01",
    "0x7F.0x0.0x0.0x1",
    "127.0.0.1.",
    "127。0。0。1",
    "127.0.0.１",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
    "127.0.0.%31",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]",
    "[2001:0:7f00:1::]",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.0.192",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LocalHost",
    "a.localhost",
    "ip6-localhost",
    "printer",
    "printer.local",
    "db.internal",
    "metadata.google.internal",
    "instance-data.ec2.internal",
    "router.lan",
    "wiki.intranet",
    "nas.home",
    "1.0.0.127.in-addr.arpa",
    "inside.example.com",
    "inside.example.com.",
    "INSIDE.example.com",
    "ｉnside.example.com",
    "mixed.example.com",
    "mapped.example.com",
    "six.example.com",
    "metadata.example.com",
    "nothing.example.com",
    "xn--inside-.example.com",
    "127.0.0.1.nip.example",
    "inside.例え.jp",
    "inside%2eexample.com",
    "inside.example%00.com",
];

/// Whole URLs; `PORT` is where the ear listens.
const URLS: &[&str] = &[
    "http://127.0.0.1:PORT/",
    "http://inside.example.com:PORT/",
    "http://localhost:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "https://user@127.0.0.1:PORT/",
    "https://user:pass@inside.example.com:PORT/",
    "https://@127.0.0.1:PORT/",
    "https://:@127.0.0.1:PORT/",
    "https://example.com@127.0.0.1:PORT/",
    "https://example.com:443@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT@example.com@127.0.0.1:PORT/",
    "https://example.com%40127.0.0.1:PORT/",
    "https://127.0.0.1:PORT#@example.com/",
    "https://127.0.0.1:PORT?@example.com/",
    "https://127.0.0.1:PORT\\@example.com/",
    "https:\\\\127.0.0.1:PORT\\",
    "https:127.0.0.1:PORT/",
    "https:/127.0.0.1:PORT/",
    "https:///127.0.0.1:PORT/",
    "https:////127.0.0.1:PORT/",
    "//127.0.0.1:PORT/",
    "127.0.0.1:PORT",
    "127.0.0.1:PORT/",
    "/127.0.0.1:PORT",
    " https://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/ ",
    "\thttps://127.0.0.1:PORT/",
    "ht\ttps://127.0.0.1:PORT/",
    "https://127.0.\n0.1:PORT/",
    "https://127.0.0.1\r\n:PORT/",
    "https://127.0.0.1:PORT/\r\nHost: example.com",
    "https://127.0.0.1%00.example.com:PORT/",
    "https://127.0.0.1%0d%0a:PORT/",
    "file:///etc/passwd",
    "file://127.0.0.1:PORT/",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_GET",
    "dict://127.0.0.1:PORT/",
    "ldap://127.0.0.1:PORT/",
    "jar:https://127.0.0.1:PORT/!/",
    "data:application/json,{}",
    "javascript:alert(1)",
    "ws://127.0.0.1:PORT/",
    "wss://127.0.0.1:PORT/",
    "unix:///var/run/docker.sock",
    "https://",
    "https://:PORT/",
    "",
    "https://[::1%25lo]:PORT/",
    "https://[::1:PORT/",
    "https://::1:PORT/",
    "https://127.0.0.1:00PORT/",
    "https://example.com:22/",
    "https://example.com:6379/",
    "https://example.com:25/",
    "https://example.com:80/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:PORT99/",
];

#[tokio::test]
async fn nothing_inside_hears_of_hostile_urls() {
    let ear = Ear::listen(Vec::new);
    let world = outside(false, ear.port);
    let port = ear.port.to_string();
    let of_hosts = HOSTS.iter().flat_map(|host| {
        [format!("https://{host}:{port}/x"), format!("https://{host}/x"), format!("http://{host}:{port}/x")]
    });
    let urls: Vec<_> = of_hosts.chain(URLS.iter().map(|url| url.replace("PORT", &port))).collect();
    assert!(HOSTS.len() + URLS.len() >= 100);
    for url in &urls {
        let outcome = get(&world, url).await;
        let refused = matches!(outcome, Err(WebError::Url(_) | WebError::NotPublic));
        assert!(refused, "{url:?}: {outcome:?}");
    }
    thread::sleep(Duration::from_millis(50));
    assert_eq!(ear.heard(), 0);
    println!("{} hostile URLs", urls.len());
}

/// The positive control: without the guard the same socket is reached, so its silence means something.
#[tokio::test]
async fn the_ear_hears_where_loopback_is_allowed() {
    let ear = Ear::listen(Vec::new);
    let world = outside(true, ear.port);
    for url in [
        "https://127.0.0.1",
        "https://localhost",
        "http://127.0.0.1",
        "http://2130706433",
        "http://localhost",
    ] {
        assert_eq!(
            get(&world, &format!("{url}:{}/", ear.port)).await.unwrap_err(),
            WebError::Unreachable,
            "{url}"
        );
    }
    assert!(ear.heard() >= 5, "{}", ear.heard());
    // Loopback alone is allowed, and by its own names.
    for url in [
        "https://10.0.0.1",
        "http://10.0.0.1",
        "http://example.com",
        "https://inside.example.com",
        "http://a.localhost",
    ] {
        let outcome = get(&world, &format!("{url}:{}/", ear.port)).await;
        assert!(matches!(outcome, Err(WebError::Url(_) | WebError::NotPublic)), "{url}: {outcome:?}");
    }
}

fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Ear::listen(|| http("200 OK", "", b"{}"));
    let location = format!("location: http://127.0.0.1:{}/\r\n", target.port);
    let ear = Ear::listen(move || http("302 Found", &location, b""));
    let answer = get(&outside(true, ear.port), &format!("http://127.0.0.1:{}/", ear.port)).await.unwrap();
    assert_eq!((answer.status().as_u16(), ear.heard(), target.heard()), (302, 1, 0));
}

#[tokio::test]
async fn long_answers_are_cut_off() {
    for (length, outcome) in [(256 * 1024, true), (256 * 1024 + 1, false)] {
        let ear = Ear::listen(move || http("200 OK", "", &vec![b' '; length]));
        let answer = get(&outside(true, ear.port), &format!("http://127.0.0.1:{}/", ear.port)).await;
        assert_eq!(answer.is_ok(), outcome, "{length}: {:?}", answer.err());
        assert!(outcome || answer.unwrap_err() == WebError::TooLarge);
    }
}

#[tokio::test]
async fn slow_answers_are_given_up() {
    let ear = Ear::listen(|| {
        thread::sleep(Duration::from_secs(6));
        Vec::new()
    });
    let answer = get(&outside(true, ear.port), &format!("http://127.0.0.1:{}/", ear.port)).await;
    assert_eq!(answer.unwrap_err(), WebError::TimedOut);
}
