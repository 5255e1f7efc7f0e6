import peewee

database = peewee.SqliteDatabase(":memory:")


class Person(peewee.Model):
    name = peewee.CharField()
    age = peewee.IntegerField()

    class Meta:
        database = database


database.create_tables([Person])
Person.insert_many([{"name": "a", "age": 3}, {"name": "b", "age": 5}]).execute()
assert [person.name for person in Person.select().where(Person.age > 4)] == ["b"]
assert Person.select(peewee.fn.SUM(Person.age)).scalar() == 8
