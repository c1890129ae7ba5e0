//! Sending what is about keys.

use anyhow::bail;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::{Response, Status, Streaming};

use super::words::Words;
use super::{World, kv, tell, txn};

impl World {
    pub(crate) async fn ask_kv(
        &mut self,
        verb: &str,
        words: &mut Words<'_>,
    ) -> anyhow::Result<String> {
        let mut stub = self.channel.kv();
        Ok(match verb {
            "put" => {
                let request = self.request(kv::put(words)?);
                let answer = stub.put(request).await;
                self.told(answer, |names, answer| tell::put(names, &answer))
            }
            "get" => {
                let request = self.request(kv::range(words)?);
                let answer = stub.range(request).await;
                self.told(answer, |names, answer| tell::range(names, &answer))
            }
            "stream" => {
                let request = self.request(kv::range(words)?);
                let answer = merged(stub.range_stream(request).await).await;
                self.told(answer, |names, answer| tell::range(names, &answer))
            }
            "del" => {
                let request = self.request(kv::delete(words)?);
                let answer = stub.delete_range(request).await;
                self.told(answer, |names, answer| tell::delete(names, &answer))
            }
            "txn" => {
                let request = self.request(txn::txn(words)?);
                let answer = stub.txn(request).await;
                self.told(answer, |names, answer| tell::txn(names, &answer))
            }
            "compact" => {
                let revision = words.revision()?;
                let physical = words.takes("physical");
                let request = self.request(pb::CompactionRequest { revision, physical });
                let answer = stub.compact(request).await;
                self.told(answer, |names, answer| tell::compact(names, &answer))
            }
            _ => bail!("what is {verb}?"),
        })
    }
}

/// The parts of an answer as one: the last has the header, and says how many there are.
async fn merged(
    answer: Result<Response<Streaming<pb::RangeStreamResponse>>, Status>,
) -> Result<Response<pb::RangeResponse>, Status> {
    let mut parts = answer?.into_inner();
    let mut whole = pb::RangeResponse::default();
    while let Some(part) = parts.message().await? {
        if whole.header.is_some() {
            return Err(Status::internal("a part comes after the last one"));
        }
        let part = part.range_response.unwrap_or_default();
        whole.kvs.extend(part.kvs);
        (whole.header, whole.more, whole.count) = (part.header, part.more, part.count);
    }
    Ok(Response::new(whole))
}
