#!/usr/bin/env bash
# Makes fuzz/corpus/<target>/ from the repository's corpus/ and the data of its tests: lines, bodies,
# addresses, logs, documents, jobs and rules that the fuzzers start from. What a run has found there
# already stays. Needs xz.
set -euo pipefail
cd "$(dirname "$0")"
targets='record field sockaddr reassembly reader documents rows job rules state log'
for target in $targets; do
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

# documents and rows: kind (see each target), sizes of pieces, and the text. JSON as lines, in an
# array, in a search response and over several lines; CSV.
documents="$scratch/documents.ndjson"
head -n 12 ../corpus/edge/ecs_docs.ndjson > "$documents"
head -n 3 "$documents" > "$scratch/lines.json"
{ printf '['; head -n 3 "$documents" | paste -sd, -; printf ']'; } > "$scratch/array.json"
{
    printf '{"took":1,"timed_out":true,"_shards":{"failed":1},"hits":{"total":2,"hits":[{"_source":'
    head -n 2 "$documents" | paste -sd@ - | sed 's/}@{/}},{"_source":{/'
    printf '}]}}'
} > "$scratch/response.json"
{ printf '{"responses":['; cat "$scratch/response.json"; printf ']}'; } > "$scratch/responses.json"
printf '{\n "@timestamp": 1,\n "destination": {"port": [22, "x"]}\n}\n{\n "a": "\\u0022}"\n}\n' \
    > "$scratch/pretty.json"
printf '@timestamp,destination.port,host.name,user\n%s\n%s\n' \
    '2026-06-01T00:00:00Z,22,web01,root' '1717000000,"4""4,5",,"a' > "$scratch/table.csv"
for text in "$scratch"/*.json "$scratch/table.csv"; do
    name=$(basename "$text")
    for sizes in '\x07\x01\xff\x40' '\x01\x01\x01\x01'; do
        { printf "\x00$sizes"; cat "$text"; } > "corpus/documents/$name-$((number += 1))"
        kind='\x00'
        if [ "$name" = table.csv ]; then kind='\x01'; fi
        { printf "$kind$sizes"; cat "$text"; } > "corpus/rows/$name-$number"
    done
done
head -c 400 ../corpus/edge/ecs_docs.ndjson | sed 's/^/\x01\x07\x01\xff\x40/' > corpus/documents/wrapped
head -c 400 ../corpus/edge/ecs_docs.ndjson | sed 's/^/\x02\x07\x01\xff\x40/' > corpus/rows/table

# job: length of the filters in eights of a byte, the filters, the job.
filters='{"filters":[{"filter_id":"safe","items":["22","*.b","c*"]}]}    '
for job in ../crates/rareport/tests/data/golden/*/job.json; do
    name=$(basename "$(dirname "$job")")
    { printf '\x00'; cat "$job"; } > "corpus/job/$name"
done
{
    printf '\x08%s' "$filters"
    printf 'job_id = "a"\nbucket_span = "15m"\nlatency = 60\ninfluencers = ["b"]\n[detector]\n'
    printf 'function = "freq_rare"\nby_field = "c"\nover_field = "d"\npartition_field = "e"\n'
    printf '[[detector.rules]]\nactions = ["skip_result"]\nscope = { c = { filter_id = "safe" } }\n'
} > corpus/job/toml

# rules: kind, where the run is cut, the text: the default rule, and every TOML of the documentation.
{ printf '\x02\x14'; cat ../crates/rareport/src/rule/default.toml; } > corpus/rules/default
awk -v out="$scratch/rules-" '
    /^```toml$/ { file = out (++blocks); next }
    /^```$/ { file = "" }
    file != "" { print > file }
' ../docs/alerts.md ../README.md
for rules in "$scratch"/rules-[0-9]*; do
    { printf '\x02\x14'; cat "$rules"; } > "corpus/rules/$(basename "$rules")"
    { printf '\x0a\x28'; cat "$rules"; } > "corpus/rules/$(basename "$rules")-elastic"
done
printf '\x00*/py?hon3.*/usr/bin/python3.9' > corpus/rules/pattern
printf '\x01\x00\x00\x00\x00\xc0\x00\x02\x00\x18\x00\x00\x00\x00\xc0\x00\x02\x07' > corpus/rules/network

# state: kind, then a body, or changes to a good snapshot (which, then place, bytes and kind of each).
about='{"written_by":"0.1.0","written_at":0,"field":"destination.port","first_bucket":null,
"learned_until":1,"buckets":0,"boundary":{"web01":{"until":0,"latest":9,"events":[[1,2]]}},
"ways":{"profile":"rareport","datafeed":null,"include":[]}}'
length=$(printf '\\x%02x\\x%02x' $((${#about} % 256)) $((${#about} / 256)))
{ printf "\x01$length\x00\x00\x00\x00\x00\x00"; printf %s "$about"; } > corpus/state/about
for which in 0 1 2; do
    printf "\\x04\\x0$which\\x01\\x20\\x00\\xff\\x7f\\x02" > "corpus/state/changed-$which"
done

# log: sizes of pieces, and a log in every form of compression, a journal, an archive.
head -n 6 ../corpus/quirks/00-plain.log > "$scratch/plain"
gzip -nc "$scratch/plain" > "$scratch/gzip"
xz -c "$scratch/plain" > "$scratch/xz"
real printk/journal-audit.json | awk 'NR <= 3' > "$scratch/journal"
for command in bzip2 zstd tar; do
    command -v "$command" > /dev/null || continue
    case $command in
        tar) tar -cf "$scratch/tar" -C "$scratch" plain ;;
        *) "$command" -c "$scratch/plain" > "$scratch/$command" 2> /dev/null ;;
    esac
done
for form in plain gzip xz bzip2 zstd journal tar; do
    if [ -s "$scratch/$form" ]; then
        { printf '\x07\x01\xff\x40'; cat "$scratch/$form"; } > "corpus/log/$form"
    fi
done

for target in $targets; do
    printf '%s: %s inputs\n' "$target" "$(find "corpus/$target" -type f | wc -l)"
done
