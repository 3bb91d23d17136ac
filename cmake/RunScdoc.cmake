# Makes OUTPUT from SOURCE; the date in a page is that of SOURCE_DATE_EPOCH, where there is one.
execute_process(COMMAND ${SCDOC} INPUT_FILE ${SOURCE} OUTPUT_FILE ${OUTPUT} RESULT_VARIABLE result ERROR_VARIABLE error)
if(NOT result EQUAL 0)
  file(REMOVE ${OUTPUT})
  message(FATAL_ERROR "${SOURCE}: ${error}")
endif()
