from faker import Faker

one, other = Faker("de_DE"), Faker("de_DE")
one.seed_instance(7)
name = one.name()
other.seed_instance(7)
assert other.name() == name and "@" in other.email()
