//! Looking after servers and members, as lines.

use anyhow::bail;
use quorate_etcd_proto::etcdserverpb as pb;

use super::World;
use super::tell::at;
use super::words::Words;

impl World {
    /// `status`, `alarm list|raise|disarm MEMBER KIND`, `defrag`, `hash REVISION`, `move MEMBER`,
    /// `downgrade ACTION VERSION`, `member …`.
    pub(crate) async fn ask_status(
        &mut self,
        verb: &str,
        words: &mut Words<'_>,
    ) -> anyhow::Result<String> {
        let mut stub = self.channel.maintenance();
        Ok(match verb {
            "status" => {
                let answer = stub.status(self.request(pb::StatusRequest {})).await;
                self.told(answer, |names, answer| {
                    let own = answer.header.as_ref().map(|header| header.member_id);
                    let leads = if own == Some(answer.leader) {
                        "leads"
                    } else {
                        "follows"
                    };
                    let told = format!("{leads} {}", answer.errors.join(", "));
                    told + &at(names, answer.header.as_ref(), false)
                })
            }
            "alarm" => {
                let action = match words.next()? {
                    "list" => 0,
                    "raise" => 1,
                    "disarm" => 2,
                    number => number.parse()?,
                };
                let (member, alarm) = (words.number()?, i32::try_from(words.number()?)?);
                let member_id = u64::try_from(member)?;
                let request = pb::AlarmRequest {
                    action,
                    member_id,
                    alarm,
                };
                let answer = stub.alarm(self.request(request)).await;
                self.told(answer, |names, answer| {
                    let alarms = answer.alarms.iter();
                    let alarms: Vec<_> = alarms
                        .map(|it| format!("{:?} of {}", it.alarm(), it.member_id))
                        .collect();
                    format!("{alarms:?}{}", at(names, answer.header.as_ref(), false))
                })
            }
            "defrag" => {
                let answer = stub
                    .defragment(self.request(pb::DefragmentRequest {}))
                    .await;
                self.told(answer, |_, _| "done".to_owned())
            }
            "hash" => {
                let revision = words.revision()?;
                let request = self.request(pb::HashKvRequest { revision });
                let answer = stub.hash_kv(request).await;
                self.told(answer, |names, answer| {
                    let compacted = names.tell_revision(answer.compact_revision);
                    format!(
                        "hashed since {compacted}{}",
                        at(names, answer.header.as_ref(), false)
                    )
                })
            }
            "move" => {
                let target_id = u64::try_from(words.number()?)?;
                let request = self.request(pb::MoveLeaderRequest { target_id });
                let answer = stub.move_leader(request).await;
                self.told(answer, |_, _| "moved".to_owned())
            }
            "downgrade" => {
                let action = i32::try_from(words.number()?)?;
                let version = words.text()?;
                let request = self.request(pb::DowngradeRequest { action, version });
                let answer = stub.downgrade(request).await;
                self.told(answer, |_, answer| format!("version {}", answer.version))
            }
            _ => return self.ask_member(words).await,
        })
    }

    /// `list`, `add URL`, `learn URL`, `remove ID`, `update ID URL`, `promote ID`.
    async fn ask_member(&mut self, words: &mut Words<'_>) -> anyhow::Result<String> {
        let mut stub = self.channel.cluster();
        let verb = words.next()?;
        Ok(match verb {
            "list" => {
                let request = self.request(pb::MemberListRequest { linearizable: true });
                let answer = stub.member_list(request).await;
                self.told(answer, |_, answer| {
                    let members = answer.members.iter();
                    let members: Vec<_> = members.map(|it| it.name.as_str()).collect();
                    let header = answer.header.unwrap_or_default();
                    format!("{members:?} @{}", header.revision)
                })
            }
            "add" | "learn" => {
                let is_learner = verb == "learn";
                let peer_ur_ls = urls(words);
                let request = pb::MemberAddRequest {
                    peer_ur_ls,
                    is_learner,
                };
                let answer = stub.member_add(self.request(request)).await;
                self.told(answer, |_, answer| {
                    format!("{} members", answer.members.len())
                })
            }
            "remove" => {
                let id = u64::try_from(words.number()?)?;
                let request = self.request(pb::MemberRemoveRequest { id });
                let answer = stub.member_remove(request).await;
                self.told(answer, |_, answer| {
                    format!("{} members", answer.members.len())
                })
            }
            "update" => {
                let id = u64::try_from(words.number()?)?;
                let peer_ur_ls = urls(words);
                let request = self.request(pb::MemberUpdateRequest { id, peer_ur_ls });
                let answer = stub.member_update(request).await;
                self.told(answer, |_, answer| {
                    format!("{} members", answer.members.len())
                })
            }
            "promote" => {
                let id = u64::try_from(words.number()?)?;
                let request = self.request(pb::MemberPromoteRequest { id });
                let answer = stub.member_promote(request).await;
                self.told(answer, |_, answer| {
                    format!("{} members", answer.members.len())
                })
            }
            other => bail!("what is {other}?"),
        })
    }
}

fn urls(words: &mut Words<'_>) -> Vec<String> {
    std::iter::from_fn(|| words.option())
        .map(str::to_owned)
        .collect()
}
