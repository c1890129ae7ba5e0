//! Where the agent differs from etcd 3.5.16 on purpose, as far as it can be asked for without an end
//! of the real one.

/// One difference that is meant.
pub(crate) struct Known {
    /// How `docs/compatibility.md` calls it.
    pub(crate) row: &'static str,
    /// What is asked first, with the same answers.
    pub(crate) before: &'static [&'static str],
    /// What is answered differently.
    pub(crate) line: &'static str,
    /// How the two answers begin.
    pub(crate) real: &'static str,
    pub(crate) ours: &'static str,
}

pub(crate) const KNOWN: &[Known] = &[
    Known {
        row: "a read within a transaction at a revision below 0",
        before: &["as root r"],
        line: "txn ? get ~begin rev=-7",
        real: "OutOfRange: etcdserver: mvcc: required revision has been compacted",
        ours: "yes @",
    },
    Known {
        row: "transactions within a transaction",
        before: &["as root r", "user add w p", "as w p"],
        line: "txn ? ( ? get ~secret )",
        real: "yes @",
        ours: "PermissionDenied: ",
    },
    Known {
        row: "a permission for keys that the role has one for",
        before: &[
            "as root r",
            "role add ~q",
            "role grant ~q both b..c",
            "role grant ~q both b..d",
            "role grant ~q read b..d",
        ],
        line: "role get ~q",
        real: "[both b..c, both b..d, read b..d]",
        ours: "[both b..c, read b..d]",
    },
    Known {
        row: "the leases of writes in a transaction",
        before: &[
            "as root r",
            "grant 901 6000",
            "put ~secret 1 lease=901",
            "role add ~r",
            "role grant ~r both ~own",
            "user grant w ~r",
            "as w p",
        ],
        line: "txn ? put ~own 1 lease=901",
        real: "yes @",
        ours: "PermissionDenied: ",
    },
];
