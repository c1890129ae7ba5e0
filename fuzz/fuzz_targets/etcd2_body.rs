#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quorate_agent::fuzzing::etcd2_body(data));
