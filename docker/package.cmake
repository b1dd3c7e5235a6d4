# The Debian package, by `cpack` in the build folder. Included by CMakeLists.txt beside it.
set(KH_PACKAGE_MAINTAINER "kakehashi maintainers <maintainers@kakehashi.example>" CACHE STRING "Who answers for the package")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kakehashi)
set(CPACK_PACKAGE_VENDOR kakehashi)
set(CPACK_PACKAGE_CONTACT ${KH_PACKAGE_MAINTAINER})
set(CPACK_SET_DESTDIR ON) # /etc is absolute
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${KH_PACKAGE_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
if(KH_FAILPOINTS)
    string(APPEND CPACK_DEBIAN_PACKAGE_VERSION "+failpoints") # for tests only: never to be taken for a release
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, prometheus")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "mutual recognition of IoT security labels between Japan and Singapore")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Batch worker between METI (Japan, label JC-STAR) and CSA (Singapore, label
CLS): it reads what each agency states about its labels from Kafka, keeps the
facts in PostgreSQL, decides by the Memorandum of Cooperation what each label
is worth on the other side, and publishes every decision exactly once.
.
Workers can be added or killed at any time.")

# Everything in /etc is an operator's: what has been changed there stays.
file(GLOB conffiles CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/config ${PROJECT_SOURCE_DIR}/config/rules/*
    ${PROJECT_SOURCE_DIR}/config/policies/* ${PROJECT_SOURCE_DIR}/config/calendars/*)
list(TRANSFORM conffiles PREPEND /etc/kakehashi/)
list(JOIN conffiles "\n" conffiles)
set(control ${CMAKE_CURRENT_BINARY_DIR}/debian)
file(WRITE ${control}/conffiles "/etc/kakehashi/kakehashi.yaml\n${conffiles}\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${control}/conffiles ${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)

# What Debian's policy wants of every package, in its form.
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(debian/changelog.in ${control}/changelog.Debian @ONLY)
execute_process(COMMAND gzip -9nkf ${control}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
install(FILES debian/copyright ${control}/changelog.Debian.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES debian/lintian-overrides DESTINATION share/lintian/overrides RENAME kakehashi)
include(CPack)
