#!/usr/bin/env python3
"""Writes streams.json.xz: events of population jobs, and what their records must say.

A plain and slow reference for jobs with an over field, written from the formulas of rare-model
(the numbers in brackets and the section numbers are its) and sharing nothing with the crate: ids,
counts, the category model over them, persons, causes, influences, the result tree of §7.4 and
§14.2, pruning (§10) and what is written (31). Scores need normalisers and are not made here.

    python3 make.py        needs mpmath and scipy
"""

import json
import lzma
import math
import os
import random
from collections import defaultdict

import mpmath
from scipy.special import betaincinv, gammaincc, ndtri

mpmath.mp.dps = 30
P_MIN = 2.2250738585072014e-308


# Category model over counts, §5.3

def quantile(a, b, level):
    """Beta quantile: scipy's, corrected by a step of Newton's method with 30 digits."""
    x = mpmath.mpf(float(betaincinv(a, b, float(level))))
    error = mpmath.betainc(a, b, 0, x, regularized=True) - mpmath.mpf(level)
    density = x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b)
    return x - error / density


def slices(c, total):
    """(7)"""
    a, b = c, total - c
    q = 7 if total <= 100 else 5 if total <= 1000 else 3 if total <= 10000 else 1
    if q == 1 or b == 0:
        return [a / total]
    below, means = mpmath.mpf(0), []
    for k in range(1, q + 1):
        upto = mpmath.mpf(1)
        if k < q:
            x = quantile(a, b, mpmath.mpf(k) / q)
            upto = mpmath.betainc(a + 1, b, 0, x, regularized=True)
        means.append(float(mpmath.mpf(a) / total * q * (upto - below)))
        below = upto
    return means


class Rarity:
    """P̂ of categories with counts {id: c}, (4)-(8); U of (9) is rounding noise and left out."""

    def __init__(self, counts):
        self.counts = {i: c for i, c in counts.items() if c > 0}
        self.total = sum(self.counts.values())
        mass, knots = 0, {}
        for c in sorted(self.counts.values()):
            mass += c
            knots[c] = mass
        self.knots = [(0.0, 0.0)]
        self.knots += [(c / self.total, m / self.total) for c, m in sorted(knots.items())]
        self.known = {}

    def mass(self, x):
        """(6)"""
        for (left, below), (right, upto) in zip(self.knots, self.knots[1:]):
            if right >= x:
                share = min((x - left) / (right - left), 1)
                return (1 - share) * below + share * upto
        return self.knots[-1][1]

    def of_count(self, c):
        if c not in self.known:
            s = slices(c, self.total)
            self.known[c] = sum(self.mass(1.05 * x) for x in s) / len(s)
        return self.known[c]

    def of(self, category):
        if category in self.counts:
            return self.of_count(self.counts[category])
        return min(self.of_count(c) for c in set(self.counts.values()))


# Raw scores, §7.1

def score(p):
    p, l = max(p, P_MIN), math.log
    if p >= 0.05:
        return 0.0
    if p >= 1e-4:
        return (1 / p - 20) / (10000 - 20)
    if p >= 1e-50:
        return 1 + 49 * (l(1e-4) - l(p)) / (l(1e-4) - l(1e-50))
    return 50 + 50 * (l(1e-50) - l(p)) / (l(1e-50) - l(P_MIN))


def inverse(s):
    l = math.log
    if s <= 1:
        return 1 / (20 + s * (10000 - 20))
    if s <= 50:
        return math.exp(l(1e-4) + (s - 1) / 49 * (l(1e-50) - l(1e-4)))
    return math.exp(l(1e-50) + (s - 50) / 50 * (l(P_MIN) - l(1e-50)))


# Persons, §14.2, §14.3

def joint(attributes):
    """Probability of a person with attributes (probability, weight)."""
    if len(attributes) == 1 and attributes[0][1] == 1:
        return attributes[0][0]
    squares = sum(w * ndtri(p / 2) ** 2 for p, w in attributes)
    weights = sum(w for _, w in attributes)
    if squares / weights < 1e-8:
        return 1.0
    return min(max(float(gammaincc(weights / 2, squares / 2)), P_MIN), 1.0)


def weights(counts, by_frequency):
    """(32)"""
    if not by_frequency:
        return [1.0] * len(counts)
    shares = [n / sum(counts) for n in counts]
    return [1.0 if s == 1 else 1 - (1 - s) ** len(counts) for s in shares]


def strength(part, whole):
    if whole == 1:
        return 1.0
    return min(max(math.log(part) / math.log(whole), 0.0), 1.0)


# The tree of persons, §7.4, §7.5

class Node:
    def __init__(self, p, raw, smallest):
        self.p, self.raw, self.smallest = p, raw, smallest
        self.rewritten = inverse(raw) if raw > 0 else p
        self.decisive = min(self.rewritten, smallest)


def leaf(p):
    return Node(p, score(p), p)


def people(probabilities):
    """(16) with m = 1, which is all that the people style looks at."""
    if len(probabilities) == 1:
        return probabilities[0]
    return -math.expm1(len(probabilities) * math.log1p(-min(probabilities)))


def above(p, smallest):
    """Step B of (21)."""
    return Node(p, 0.8 * score(p) if p <= 0.035 else 0.0, smallest)


def over(nodes):
    return above(people([n.p for n in nodes]), min(n.smallest for n in nodes))


class Partition:
    def __init__(self, first_complete):
        self.first_complete = first_complete
        self.ids = {"person": {}, "attribute": {}}
        self.last = {"person": {}, "attribute": {}}
        self.ever = set()
        self.rarity = None

    def register(self, kind, value):
        ids = self.ids[kind]
        if value not in ids:
            ids[value] = next(i for i in range(len(ids) + 1) if i not in ids.values())

    def learn(self, pairs, start):
        self.ever |= set(pairs)
        for person, attribute in pairs:
            self.last["person"][person] = self.last["attribute"][attribute] = start
        counts = defaultdict(int)
        for _, attribute in self.ever:
            counts[self.ids["attribute"][attribute]] += 1
        self.rarity = Rarity(counts)

    def prune(self, last_closed, span, window):
        for kind in self.ids:
            for value, last in list(self.last[kind].items()):
                if (last_closed - last) // span > window:
                    del self.last[kind][value], self.ids[kind][value]
        self.ever = {(p, a) for p, a in self.ever
                     if p in self.ids["person"] and a in self.ids["attribute"]}


class Reference:
    def __init__(self, job):
        self.job = job
        self.partitions = {}
        self.first_complete = None

    def ceil(self, time):
        return -(-time // self.job["span"]) * self.job["span"]

    def run(self, events, prune_before):
        """The buckets with events, in order of time, that have anything to say."""
        buckets = defaultdict(list)
        for event in events:
            buckets[event["time"] // self.job["span"] * self.job["span"]].append(event)
        documents = []
        for start in sorted(buckets):
            if prune_before == start:
                window = min(math.floor(4 / 0.0005), 10**6)
                for partition in self.partitions.values():
                    partition.prune(start - self.job["span"], self.job["span"], window)
            documents.append(self.bucket(start, buckets[start]))
        return documents

    def gather(self, events):
        """Influencer values and numbers of events, by partition, person and attribute."""
        seen = defaultdict(lambda: defaultdict(dict))
        for event in events:
            if self.first_complete is None:
                self.first_complete = self.ceil(event["time"])
            name = event[self.job["partition"]] if self.job["partition"] else ""
            partition = self.partitions.setdefault(name, Partition(self.ceil(event["time"])))
            if not event["user"] or not event["port"]:
                continue
            partition.register("attribute", event["port"])
            partition.register("person", event["user"])
            if event["time"] < max(self.first_complete, partition.first_complete):
                continue
            attributes = seen[name][event["user"]]
            count, influences = attributes.get(event["port"], (0, set()))
            values = {(f, event[f]) for f in self.job["influencers"] if event[f]}
            attributes[event["port"]] = (count + 1, influences | values)
        return seen

    def bucket(self, start, events):
        leaves = []
        for name, persons in sorted(self.gather(events).items()):
            partition = self.partitions[name]
            partition.learn([(p, a) for p, attributes in persons.items() for a in attributes], start)
            for person in sorted(persons):
                leaves.append(self.person(name, partition, person, persons[person]))
        return self.documents(start, leaves)

    def person(self, name, partition, person, attributes):
        by_frequency = self.job["function"] == "freq_rare"
        of = {a: max(partition.rarity.of(partition.ids["attribute"][a]), P_MIN) for a in attributes}
        weight = dict(zip(attributes, weights([n for n, _ in attributes.values()], by_frequency)))
        probability = joint([(of[a], weight[a]) for a in attributes])
        influences = {}
        for value in set().union(*(values for _, values in attributes.values())):
            members = [a for a, (_, values) in attributes.items() if value in values]
            part = strength(joint([(of[a], weight[a]) for a in members]), probability)
            if part >= 0.4:
                influences[value] = part
        limit = max(1.1 * min(of.values()), 0.05)
        causes = sorted((p, a) for a, p in of.items() if p <= limit)[:10]
        typical = partition.rarity.of(partition.ids["person"][person])
        return {"partition": name, "person": person, "node": leaf(probability),
                "influences": influences, "causes": [(a, p) for p, a in causes], "typical": typical}

    def documents(self, start, leaves):
        if not leaves:
            return {"start": start, "records": [], "influencers": [], "bucket_influencers": []}
        groups = {}
        for l in leaves:
            groups.setdefault(l["partition"], []).append(l["node"])
        nodes = {name: nodes[0] if len(nodes) == 1 else over(nodes) for name, nodes in groups.items()}
        child = next(iter(nodes.values())) if len(nodes) == 1 else over(list(nodes.values()))
        root = above(child.p, child.smallest)
        values, fields = {}, {}
        for field, value in sorted({v for l in leaves for v in l["influences"]}):
            members = [l for l in leaves if (field, value) in l["influences"]]
            if field == self.job["partition"] and len(groups[value]) > 1:
                values[field, value] = above(nodes[value].p, nodes[value].smallest)
                continue
            parts = [l["node"].p if (s := l["influences"][field, value]) == 1
                     else math.exp(s * math.log(l["node"].p)) for l in members]
            smallest = min(l["node"].smallest for l in members)
            values[field, value] = above(people(parts), smallest)
        for field in sorted(self.job["influencers"]):
            below = [node for (f, _), node in values.items() if f == field]
            fields[field] = above(people([n.p for n in below]),
                                  min(min(n.p, n.smallest) for n in below)) if below else Node(1, 0, 1)
        return self.written(start, leaves, root, values, fields)

    def written(self, start, leaves, root, values, fields):
        """(31)"""
        keep_field = {f: n.decisive < 0.035 for f, n in fields.items()}
        keep_value = {
            (f, v): n.decisive < 0.035 or keep_field[f] and n.decisive <= 1.2 * fields[f].smallest
            for (f, v), n in values.items()}
        def keep(l):
            p = l["node"].decisive
            near = p <= 1.2 * root.smallest and root.decisive < 0.035
            return p < 0.035 or near or any(
                keep_value[v] and p <= 1.2 * values[v].smallest for v in l["influences"])
        records = [l for l in leaves if keep(l)]
        records.sort(key=lambda l: (l["node"].rewritten, l["person"], l["partition"]))
        bucket = [(f, n.rewritten, n.raw) for f, n in fields.items() if keep_field[f]]
        if records:
            bucket.append(("bucket_time", root.rewritten, root.raw))
        return {
            "start": start,
            "records": [self.record(l) for l in records],
            "influencers": [(f, v, n.rewritten) for (f, v), n in values.items() if keep_value[f, v]],
            "bucket_influencers": bucket,
        }

    def record(self, l):
        influencers = {}
        order = sorted(l["influences"].items(), key=lambda i: (i[0][0], -i[1], i[0][1]))
        for (field, value), part in order:
            influencers.setdefault(field, []).append(value)
        self.seen["weak"] += sum(1 for part in l["influences"].values() if part < 1)
        self.seen["many causes"] += len(l["causes"]) == 10
        self.seen["tied causes"] += len({p for _, p in l["causes"]}) < len(l["causes"])
        self.seen["weaker first by name"] += any(v != sorted(v) for v in influencers.values())
        return [l["partition"], l["person"], l["node"].rewritten, l["typical"], l["causes"],
                sorted(influencers.items())]

    seen = defaultdict(int)


# Streams

SPAN = 1800


def stream(seed, buckets, start=1_700_000_100, common=40):
    """Persons who use common ports, and now and then a rare one."""
    chance = random.Random(seed)
    users = [f"user-{i:02}" for i in range(48)]
    common = [str(p) for p in range(1, common + 1)]
    uncommon = [str(p) for p in range(2001, 2012)]
    rare = [str(p) for p in range(9000, 9020)]
    hosts, programs = ["web-1", "web-2", "db-1"], ["nginx", "sshd", "cron", "nc", ""]
    def event(time, user, port):
        return {"time": time, "user": user, "port": port, "host": chance.choice(hosts),
                "program": chance.choice(programs)}
    events = []
    for bucket in range(buckets):
        times = sorted(chance.randrange(SPAN) for _ in range(70))
        for time in times:
            user = chance.choice(users)
            pool = chance.choices([common, uncommon, rare, [""]], [96, 2.5, 0.7, 0.8])[0]
            port = chance.choice(pool)
            user = "" if chance.random() < 0.01 else user
            for _ in range(chance.choice([1, 1, 1, 4])):
                events.append(event(start + bucket * SPAN + time, user, port))
        if bucket % 10 == 9:
            # One who tries a dozen ports, most of them known to be rare already.
            scanner, last = chance.choice(users), start + bucket * SPAN + SPAN - 100
            for port in chance.sample(rare, 12):
                events.append(event(last, scanner, port))
    return sorted(events, key=lambda e: e["time"] // SPAN)


def aged_stream():
    """A stream, the same values again long after, and some of them so late as to be forgotten."""
    begin = stream(5, 25)
    end = max(e["time"] for e in begin) // SPAN
    # The last closed bucket is `window` buckets after these: the two sides of the limit.
    kept = [dict(e, user="kept", port="7001") for e in begin[-1:]]
    early = [dict(e, time=e["time"] - SPAN, user="gone", port="7002") for e in begin[-1:]]
    begin = sorted(begin + early + kept, key=lambda e: e["time"] // SPAN)
    pruned = (end + 8000 + 1) * SPAN
    middle = stream(6, 8, pruned - 40 * SPAN, common=15)
    after = stream(7, 8, pruned)
    middle = [e for e in middle if e["user"] < "user-20"]
    pairs = [("kept", "7001"), ("gone", "7002"), ("kept", "7002")]
    after += [dict(after[0], time=pruned + n * SPAN, user=u, port=p) for n, (u, p) in enumerate(pairs)]
    after.sort(key=lambda e: e["time"] // SPAN)
    return begin + middle + after, pruned


def main():
    influencers = ["user", "program", "host", "port"]
    job = lambda function, partition: {
        "function": function, "partition": partition, "span": SPAN, "influencers": influencers}
    aged, pruned = aged_stream()
    cases = [
        ("rare", job("rare", None), stream(1, 60), None),
        ("freq_rare", job("freq_rare", None), stream(2, 60), None),
        ("partition", job("rare", "host"), stream(3, 60), None),
        ("pruned", job("rare", None), aged, pruned),
    ]
    written = []
    for name, job, events, prune_before in cases:
        reference = Reference(job)
        reference.seen = Reference.seen = defaultdict(int)
        buckets = reference.run(events, prune_before)
        records = sum(len(b["records"]) for b in buckets)
        print(f"{name}: {len(events)} events, {records} records, {dict(reference.seen)}")
        columns = ["time", "user", "port", "host", "program"]
        written.append({
            "name": name, "job": job, "prune_before": prune_before, "columns": columns,
            "events": [[e[c] for c in columns] for e in events],
            "buckets": [b for b in buckets if b["records"] or b["influencers"]],
        })
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "streams.json.xz")
    with lzma.open(path, "wt", preset=9 | lzma.PRESET_EXTREME) as file:
        json.dump({"cases": written}, file, separators=(",", ":"))


main()
