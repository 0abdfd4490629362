"""The MetaData that every package's tables belong to, and the column types on which both engines agree."""

from sqlalchemy import BigInteger, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself in a column of exactly this type; its integers are of 64 bits all the same.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")

# A key is unique for ever: its order must not change with an operating system's collation, which breaks an index.
Exact = Text().with_variant(Text(collation="C"), "postgresql")
