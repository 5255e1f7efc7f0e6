import simpy

events = []


def car(env, name, station):
    with station.request() as request:
        yield request
        events.append((name, env.now))
        yield env.timeout(5)


env = simpy.Environment()
station = simpy.Resource(env, capacity=1)
for name in "ab":
    env.process(car(env, name, station))
env.run()
assert events == [("a", 0), ("b", 5)] and env.now == 10
