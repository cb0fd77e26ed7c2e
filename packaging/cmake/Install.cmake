# SPDX-License-Identifier: GPL-3.0-or-later
# `cmake --install build/release --prefix …`: both programs side by side, as they look for each other, what they open first, and the entry
# of the desktop's menu. LibTorch stays where it was found.
include(GNUInstallDirs)
install(TARGETS rolora RUNTIME)
if(TARGET rolora_cuda)
  install(TARGETS rolora_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY resources/bundled resources/texts resources/jobs DESTINATION ${CMAKE_INSTALL_DATADIR}/rolora-workbench)
install(FILES LICENSE README.md TYPE DOC)
if(ROLORA_WINDOW)
  install(TARGETS rolora-workbench RUNTIME)
  install(FILES packaging/rolora-workbench.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
  install(FILES resources/icons/rolora-workbench.svg DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
endif()
