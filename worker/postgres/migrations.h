/* The files of config/migrations, compiled in (embed_migrations.cmake). Private to this room. */
#ifndef KH_POSTGRES_MIGRATIONS_H
#define KH_POSTGRES_MIGRATIONS_H

typedef struct kh_migration {
    int version;
    const char *name; /*!< of the file */
    const char *sql;
} kh_migration;

/*! Ascending by version, from 1, without a gap; ended by version 0. */
extern const kh_migration KH_MIGRATIONS[];

#endif
