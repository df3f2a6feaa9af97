-- titre: Terrain qui change puis revient, sur trois millésimes
-- title: Ground that changes and changes back over three vintages
-- définition: terrain dont la couverture et l'usage sont les mêmes au premier et au troisième
--   de trois millésimes successifs de la série recalée, et autres entre les deux : l'un des
--   deux changements est sans doute une erreur du millésime du milieu.
-- definition: ground whose cover and use are the same at the first and the third of three
--   successive vintages of the aligned series, and others between: one of the two changes is
--   likely an error of the vintage in the middle.
-- source: Millésime
-- subject: OCS GE
-- unit: m²
-- columns: commune, name, departement, year_first, year_between, year_last, cs, us, cs_between,
--   us_between, area_m2
SELECT
  commune, name, departement, year_first, year_between, year_last,
  cs, us, cs_between, us_between,
  SUM(area_half_cm2) AS area_half_cm2
FROM returned
GROUP BY
  commune, name, departement, year_first, year_between, year_last, cs, us, cs_between, us_between
ORDER BY
  departement, commune, year_first, cs, us, cs_between, us_between
