#!/usr/bin/env bash
# Makes fuzz/corpus/<target>/ from the repository's corpus/: lines, bodies, addresses and logs that
# the fuzzers start from. What a run has found there already stays. Needs xz.
set -euo pipefail
cd "$(dirname "$0")"
for target in record field sockaddr reassembly reader; do
    mkdir -p "corpus/$target"
done

scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

# One line of each record type and transport, and every line of the quirks.
real() {
    xz -dc "../corpus/$1.xz"
}
type_of_line='match($0, /type=[^ ]+/) && !seen[substr($0, RSTART, RLENGTH)]++'
{
    real exec-mix/audit.log | awk "$type_of_line"
    real enriched/audit.log | awk "$type_of_line"
    real enriched/syslog-audisp.log | awk "$type_of_line"
    real printk/dmesg-T.txt | awk "$type_of_line"
    real printk/dmesg-iso.txt | awk "$type_of_line"
    real printk/journal-kernel.short.txt | awk "$type_of_line"
    real exec-mix/journal-audit.short.txt | awk "NR <= 10"
} > "$scratch/real.log"

number=0
for log in ../corpus/quirks/*.log "$scratch/real.log"; do
    name=$(basename "$log" .log)

    # record: the line; field: what stands behind the stamp.
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line:0:2000}
        printf '%s' "$line" > "corpus/record/$name-$number"
        printf '%s' "${line#*): }" > "corpus/field/$name-$number"
    done < <(tr -d '\0' < "$log")

    # sockaddr: the digits, and the bytes that they stand for.
    grep -aoE 'saddr=[0-9A-Fa-f]+' "$log" | while IFS== read -r _ digits; do
        printf '%s' "$digits" > "corpus/sockaddr/$name-text"
        printf "$(printf '%s' "$digits" | sed 's/../\\x&/g')" > "corpus/sockaddr/$name-bytes"
    done || true

    # reader: limits (see TinyLimits), four sizes of pieces, and the log, or the front of a long one.
    {
        printf '\x00\x04\x7d\x08\xff\x40\x04\x07\x40\x00\x01'
        head -c 2000 "$log"
    } > "corpus/reader/$name-tiny"
    {
        printf '\xff\xff\x7d\xff\xff\xff\xff\x07\xff\x40\xc8'
        head -c 2000 "$log"
    } > "corpus/reader/$name-wide"
done

# reassembly: limits (see TinyLimits), then action, node, time and serial of each step. The actions
# are those of fuzz_targets/reassembly.rs: 0 connect, 5 its address, 10 PROCTITLE, 14 and 15 take
# events out, 16 time goes on.
wide='\xff\xff\x7d\xff\xff\xff\xff'
tiny='\xff\xff\x08\x02\x20\x02\x02'
connect='\x00\x01\x02\x03\x05\x01\x02\x03\x0a\x01\x02\x03\x0f\x00\x00\x00'
interleaved='\x00\x01\x02\x03\x01\x02\x02\x03\x05\x01\x02\x03\x0a\x02\x02\x03\x0a\x01\x02\x03\x0f\x00\x00\x00'
late='\x01\x00\x02\x05\x0a\x00\x02\x05\x0f\x00\x00\x00\x09\x00\x02\x05\x0b\x00\x02\x05'
timeout='\x08\x00\x00\x01\x0c\x00\x01\x02\x00\x00\x0a\x05\x10\x00\xff\x00\x05\x00\x0a\x05'
order='\x0a\x03\x05\x09\x05\x03\x05\x09\x00\x03\x05\x09\x0b\x03\x05\x09\x0e\x00\x00\x00'
number=0
for steps in "$connect" "$interleaved" "$late" "$timeout" "$order" \
    "$connect$late$timeout" "$order$interleaved$connect"; do
    number=$((number + 1))
    printf "$wide$steps" > "corpus/reassembly/wide-$number"
    printf "$tiny$steps" > "corpus/reassembly/tiny-$number"
done

for target in record field sockaddr reassembly reader; do
    printf '%s: %s inputs\n' "$target" "$(find "corpus/$target" -type f | wc -l)"
done
