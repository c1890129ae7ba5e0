//! Large ranges, by streams where servers have them.

use std::sync::{Arc, Mutex};

use quorate_etcd::v3::{Client, KeyRange, RangeOptions};
use quorate_etcd_proto::etcdserverpb as pb;

use crate::script::{Call, Server, UNAVAILABLE, client, key, range};

const UNIMPLEMENTED: i32 = 12;
/// The revision of the store when it is first asked.
const REVISION: i64 = 5;
/// How many keys there are, and how many a page has.
const KEYS: usize = 20;
const PAGE: u32 = 4;

/// How a server answers a stream after it has sent one part of three keys.
#[derive(Clone, Copy, Debug)]
enum Streams {
    Whole,
    Refuses,
    BreaksOff,
    StandsStill,
    OfAnotherCluster,
}

/// The keys from `first` on, at most so many.
fn some(first: &[u8], limit: usize) -> pb::RangeResponse {
    let names = (0..KEYS).map(|number| format!("k{number:02}"));
    let rest: Vec<_> = names.filter(|name| name.as_bytes() >= first).collect();
    let kvs = rest.iter().take(limit).map(|name| key(name, "v", 5));
    pb::RangeResponse {
        more: rest.len() > limit,
        ..range(REVISION, kvs.collect())
    }
}

fn part(answer: pb::RangeResponse) -> pb::RangeStreamResponse {
    pb::RangeStreamResponse {
        range_response: Some(answer),
    }
}

async fn stream(mut call: Call, first: &[u8], how: Streams) {
    let begins = pb::RangeResponse {
        header: None,
        more: false,
        count: 0,
        ..some(first, 3)
    };
    let last = begins.kvs.last().unwrap();
    let rest = [&last.key[..], &[0]].concat();
    match how {
        Streams::Refuses => return call.refuse(UNIMPLEMENTED, "unknown method RangeStream"),
        _ => call.say(&part(begins)),
    }
    match how {
        Streams::Whole => {
            call.say(&part(some(&rest, KEYS)));
            call.finish();
        }
        Streams::BreaksOff => call.end(UNAVAILABLE, "it broke"),
        Streams::OfAnotherCluster => {
            let mut last = some(&rest, KEYS);
            if let Some(header) = &mut last.header {
                header.cluster_id += 1;
            }
            call.say(&part(last));
            call.finish();
        }
        _ => call.hang().await,
    }
}

/// What servers were asked: the call, the first key, and the revision.
type Asked = Arc<Mutex<Vec<(bool, String, i64)>>>;

fn server(how: Streams) -> (Server, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let server = Server::new(move |mut call: Call| {
        let seen = Arc::clone(&seen);
        async move {
            let streams = call.is("/RangeStream");
            let request: pb::RangeRequest = call.next().await.unwrap();
            let first = String::from_utf8(request.key.to_vec()).unwrap();
            let entry = (streams, first, request.revision);
            seen.lock().unwrap().push(entry);
            if streams {
                assert_eq!(request.limit, 0);
                return stream(call, &request.key, how).await;
            }
            let limit = usize::try_from(request.limit).unwrap();
            call.answer(&some(&request.key, limit));
        }
    });
    (server, asked)
}

/// Reads all pages, and tells how many keys they have.
async fn read(client: &Client, options: RangeOptions) -> Vec<usize> {
    let options = options.with_limit(PAGE);
    let mut pages = client.kv().pages(KeyRange::prefix("k"), options);
    let (mut sizes, mut names) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        sizes.push(page.len());
        names.extend(page.iter().map(|kv| kv.key_text().into_owned()));
    }
    let expected: Vec<_> = (0..KEYS).map(|number| format!("k{number:02}")).collect();
    assert_eq!(names, expected);
    assert_eq!(pages.revision(), Some(REVISION));
    assert!(pages.next().await.unwrap().is_none(), "the end stays");
    sizes
}

/// Whether each call was a stream, and the revision it asked for.
fn calls(asked: &Asked) -> Vec<(bool, i64)> {
    let asked = asked.lock().unwrap();
    asked
        .iter()
        .map(|(streams, _, at)| (*streams, *at))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_the_first_page_is_streamed() {
    let (server, asked) = server(Streams::Whole);
    let client = client(&server);
    let sizes = read(&client, RangeOptions::new()).await;
    assert_eq!(sizes, [4, 3, 4, 4, 4, 1], "a page has four keys at most");
    assert_eq!(calls(&asked), [(false, 0), (true, REVISION)]);
    asked.lock().unwrap().clear();
    let at = RangeOptions::new().with_revision(REVISION);
    assert_eq!(read(&client, at).await[0], 3);
    assert_eq!(calls(&asked), [(true, REVISION)]);
}

#[tokio::test(start_paused = true)]
async fn servers_without_streams_are_asked_once() {
    let (server, asked) = server(Streams::Refuses);
    let client = client(&server);
    for _ in 0..2 {
        let sizes = read(&client, RangeOptions::new()).await;
        assert_eq!(sizes, [4, 4, 4, 4, 4]);
    }
    let streams = calls(&asked).iter().filter(|(streams, _)| *streams).count();
    assert_eq!(streams, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_costs_no_key() {
    for how in [
        Streams::BreaksOff,
        Streams::StandsStill,
        Streams::OfAnotherCluster,
    ] {
        let (server, asked) = server(how);
        let client = client(&server);
        let sizes = read(&client, RangeOptions::new()).await;
        assert_eq!(sizes[..3], [4, 3, 4], "{how:?}");
        let calls = calls(&asked);
        let begin = [(false, 0), (true, REVISION), (false, REVISION)];
        assert_eq!(calls[..3], begin, "{how:?}");
        assert_eq!(asked.lock().unwrap()[2].1, "k06\0", "{how:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_server_streams_is_read_page_by_page() {
    let (server, asked) = server(Streams::Whole);
    let client = client(&server);
    let recent = RangeOptions::new().modified_between(Some(1), None);
    read(&client, recent).await;
    assert!(calls(&asked).iter().all(|(streams, _)| !streams));
}
