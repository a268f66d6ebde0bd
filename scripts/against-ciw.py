"""Plays loss queues and closed loops with Ciw, a simulator that shares nothing with ours. Reads cases as JSON, writes what each run gave."""
import json
import sys

import ciw

WARM = 0.1  # of the time, before balance


def service(cv):
    if cv == 0:
        return ciw.dists.Deterministic(1.0)
    if cv == 1:
        return ciw.dists.Exponential(1.0)
    return ciw.dists.Gamma(1 / cv**2, cv**2)


def play(case, seed):
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(case["arrivals"])],
        service_distributions=[service(case["cv"])],
        number_of_servers=[case["servers"]],
        queue_capacities=[case["capacity"] - case["servers"]],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(case["time"])
    warm = WARM * case["time"]
    records = [r for r in simulation.get_all_records() if r.arrival_date > warm]
    lost = sum(1 for r in records if r.record_type == "rejection")
    waits = sorted(r.waiting_time for r in records if r.record_type == "service")
    return {
        "blocking": lost / max(1, len(records)),
        "meanWait": sum(waits) / max(1, len(waits)),
        "p99Wait": waits[int(0.99 * len(waits))] if waits else 0,
    }


def play_loop(case, seed):
    """So many clients who think, all at once, and are served in turn; then again."""
    ciw.seed(seed)
    clients, think = case["clients"], case["think"]
    thinking = {"constant": ciw.dists.Deterministic(think), "exponential": ciw.dists.Exponential(1 / think)}
    # All are there from the beginning, and nobody else ever comes.
    forever = 1e12
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([1e-6, forever]), None],
        batching_distributions=[ciw.dists.Deterministic(clients), ciw.dists.Deterministic(1)],
        service_distributions=[thinking[case["thinks"]], service(1)],
        number_of_servers=[float("inf"), case["servers"]],
        routing=[[0.0, 1.0], [1.0, 0.0]],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(case["time"])
    warm = WARM * case["time"]
    served = [r for r in simulation.get_all_records() if r.node == 2 and r.arrival_date > warm]
    waits = sorted(r.waiting_time for r in served)
    done = sum(1 for r in served if r.exit_date <= case["time"])
    return {
        "answers": done / (case["time"] - warm),
        "meanWait": sum(waits) / max(1, len(waits)),
        "p99Wait": waits[int(0.99 * len(waits))] if waits else 0,
    }


cases = json.load(sys.stdin)
json.dump([[(play_loop if "clients" in case else play)(case, seed) for seed in range(1, case["runs"] + 1)] for case in cases], sys.stdout)
