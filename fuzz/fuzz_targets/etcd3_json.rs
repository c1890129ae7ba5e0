#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quorate_agent::fuzzing::etcd3_json(data));
